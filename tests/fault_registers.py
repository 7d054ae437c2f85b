"""Registers, volunteers and people's rights under faults: an entry for each thing that is done with what people gave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from chalicelib.casework import people
from chalicelib.casework.photos import incoming_key, ready_key
from chalicelib.casework.register import Register
from chalicelib.models import photos, registers
from chalicelib.usecases import register_link
from chalicelib.usecases import volunteers as helping
from tests import fault_town as whole
from tests import steps
from tests.fault_script import KEY, Act, Scenario, Script
from tests.fault_town import ATTEMPT, Hour, press, stands
from tests.register_people import LANDLORD, household, id_number, phone, rental, send, tenant
from tests.town import REPORTER_PHONE, Answer, Town, number_in

PREPARED = "c3" * 16
CALLED = "021-0012 7711"


# ---- at the door


def rental_fields(town: Town, count: int = 1, **changes: str) -> dict[str, str]:
    """The rental form as a browser sends it."""
    fields = {
        "key": KEY,
        "code": town.world.code(0, "rental"),
        "room": "101",
        "area": "120",
        "rooms": "6",
        "lease_from": "2026-11-01",
        "lease_to": "2027-10-31",
        "by": "landlord",
        "l_name": LANDLORD.name,
        "l_phone": LANDLORD.phone,
    }
    for at in range(1, count + 1):
        fields |= {f"p{at}_name": f"租客{chr(0x4E00 + at)}", f"p{at}_id": id_number(at), f"p{at}_phone": phone(at)}
    return {**fields, **changes}


def _register(count: int, **changes: str) -> Callable[[Town], Act]:
    return lambda town: partial(town.post, "reporter", "/f/rental", rental_fields(town, count, **changes))


def _resident(town: Town) -> Act:
    flat = {"key": KEY, "code": town.world.code(0, "population"), "room": "5", "agree": "2026-11"}
    person = {"p1_name": "住户甲", "p1_id": id_number(4), "p1_phone": phone(4)}
    slot = {"slot_day": "2026-11-20", "slot_part": "am"}
    return partial(town.post, "reporter", "/f/population", {**flat, **person, **slot})


def _made(town: Town, count: int = 2) -> Register:
    return send(town.world, rental(count), key=PREPARED)


def _edit(town: Town) -> Act:
    register = _made(town)
    token = register_link.token_for(town.world.context, register)
    flat = {name: rental_fields(town)[name] for name in ("area", "rooms", "lease_from", "lease_to", "by")}
    rows = {"l_key": "l", "p1_key": "p1", "p2_key": "p2", "p2_gone": "1", "p3_name": "租客丙", "p3_id": id_number(9)}
    fields = {**flat, **rows, "room": "102", "p3_phone": phone(9), "version": "1", "attempt": ATTEMPT}
    return partial(town.post, "reporter", f"/t/{token}/edit", fields)


# ---- the desk


def _at_desk(who: str, step: str, **fields: str) -> Callable[[Town], Act]:
    def prepare(town: Town) -> Act:
        return partial(press, town, who, f"/desk/registers/{_made(town).no}/{step}", fields)

    return prepare


def _correct(town: Town) -> Act:
    register = _made(town)
    flat = {name: rental_fields(town)[name] for name in ("rooms", "lease_from", "lease_to", "by")}
    rows = {"l_key": "l", "p1_key": "p1", "p2_key": "p2", "p2_phone": phone(77)}
    fields = {**flat, **rows, "room": "101室", "area": "99", "version": "1"}
    return partial(press, town, "verifier", f"/desk/registers/{register.no}/correct", fields)


def _digest(town: Town) -> Answer:
    done = town.world.app.digest({}, Hour())
    return Answer(200 if done["finished"] and not done["failed"] else 500)


def _days_end(town: Town) -> Act:
    """New and changed on one day, nothing on the next, and a lease that ends: two days are made up for."""
    _digest(town)
    _made(town)
    send(town.world, household(), kind="population", key="d4" * 16)
    send(town.world, rental(1, 5, room="303室", lease_to="2026-11-18"), key="e5" * 16)
    town.world.clock.advance(days=1, hours=8)
    return partial(_digest, town)


def _told_once(town: Town, answers: Sequence[Answer]) -> list[str]:
    """Everybody in the committee's office got one message of what came."""
    sent = [(message.phone, message.template) for message in town.sms.out if message.template == "register"]
    wanted = [(town.people["committee"].phone, "register")]
    return [] if sent == wanted else [f"the digest went out to {sent}"]


def _export(**fields: str) -> Callable[[Town], Act]:
    def prepare(town: Town) -> Act:
        _made(town)
        town.world.clock.advance(minutes=5)
        return partial(press, town, "keeper", "/desk/exports", {"committee": "c01", "reason": "月度汇总", **fields})

    return prepare


def _given_up(town: Town) -> Act:
    """Who had no answer gives that form up, and asks for what has changed since the last export in a new one."""
    _made(town)
    town.world.clock.advance(minutes=5)

    def act() -> Answer:
        asked = sum(row["pk"]["S"] == "X#c01" for row in town.rows("RegistersTable"))
        return press(town, "keeper", "/desk/exports", {"committee": "c01", "reason": "月度汇总"}, f"{asked:032d}")

    return act


def _in_some_file(town: Town, answers: Sequence[Answer]) -> list[str]:
    """What was registered is in one of the files."""
    (no,) = [row["pk"]["S"][2:] for row in town.rows("RegistersTable") if row["sk"]["S"] == "RECORD"]
    files = [ZipFile(BytesIO(data)) for key, data in town.objects().items() if key.startswith("lists/export/")]
    texts = [file.read(name).decode("utf-8-sig") for file in files for name in file.namelist() if name.endswith(".csv")]
    return [] if any(no in text for text in texts) else [f"{no} is in none of {len(files)} files"]


def _link(town: Town) -> Act:
    _export(numbers="full")(town)()
    (row,) = [row for row in town.rows("RegistersTable") if row["pk"]["S"] == "X#c01"]
    fields = {"committee": "c01", "do": "link", "id": row["sk"]["S"], "part": "1"}
    return partial(press, town, "keeper", "/desk/exports", fields)


def _handed_out(town: Town, answers: Sequence[Answer]) -> list[str]:
    """Whoever holds a link is on record."""
    taken = [row for row in town.rows("RegistersTable") if row["pk"]["S"].startswith("XT#")]
    links = sum(answer.status == 200 for answer in answers)
    return [] if len(taken) >= links else [f"{links} links and {len(taken)} records"]


def _but_records(town: Town) -> dict[str, str]:
    """Asked again, a link is another link, on record again."""
    return {name: said for name, said in stands(town).items() if " XT#" not in name}


# ---- rights


def _no_trace(*words: str) -> Callable[[Town, Sequence[Answer]], list[str]]:
    def look(town: Town, answers: Sequence[Answer]) -> list[str]:
        left = whole.everything(town)
        return [f"{word!r} is still there" for word in words if word in left]

    return look


def _without(town: Town, answers: Sequence[Answer], key: str) -> list[str]:
    """No row that finds that person, no ciphertext of theirs, no mask: of `p1`, or of everybody ("")."""
    (no,) = [row["pk"]["S"][2:] for row in town.rows("RegistersTable") if row["sk"]["S"] == "RECORD"]
    stored = registers.get(no)
    if stored is None:
        return ["the registration is gone"]
    ends = tuple(f"#{one}" for one in ([key] if key else ["l", "p1", "p2"]))
    wrong = [
        f"{row['pk']['S'][:6]}… finds {row['sk']['S']}" for row in town.rows("RegistersTable") if row["sk"]["S"].endswith(ends)
    ]
    for version, sealed in registers.envelopes(no).items():
        opened = town.world.context.vault.open(f"register:{no}#{version}", sealed)
        wrong += [f"{name} can be opened" for name in opened if not key or name.startswith(f"{key}.")]
    return wrong


def _erase_case(town: Town) -> Act:
    """A case with photos that was merged into another, a neighbour's report, and messages that wait."""
    script = Script(town).reported()
    theirs = steps.report(town.world, key=PREPARED, phone="", text="楼下的灯不亮", nickname="李叔")
    other = number_in(town.reported(theirs))
    ref = whole.stored(script.no).case.photo_ref
    photos.claim(ref, 1, source="s", at="2026-11-18T02:00:00Z", now=1, lease=2, ttl=2**31)
    photos.settle(ref, 1, source="s", status="ready", width=1, height=1)
    s3, bucket = town.world.aws("s3"), town.world.outputs["PhotosBucket"]
    for key in (ready_key(ref, 1, "full"), ready_key(ref, 1, "thumb"), incoming_key(ref, 2)):
        s3.put_object(Bucket=bucket, Key=key, Body=b"jpeg")
    script.do("centre", "merge", other=other)
    town.post("reporter", f"/t/{script.token}/add", {"attempt": "f" * 32, "text": "我住三楼"})
    town.phones.clear()
    fields = {"whose": script.no, "do": "erase_case", "case": script.no, "reason": "本人要求"}
    return partial(press, town, "keeper", "/desk/people", fields)


def _case_erased(town: Town, answers: Sequence[Answer]) -> list[str]:
    mac = town.world.context.keys.mac("phone", people.normalise_phone(REPORTER_PHONE) or "").hex()
    wrong = _no_trace("王阿姨", steps.TEXT, "我住三楼", mac, "ready/", "incoming/")(town, answers)
    kinds = [event.type for no in whole.case_numbers(town) for event in whole.stored(no).events]
    if kinds.count("erased") != 2:
        wrong.append(f"erased {kinds.count('erased')} times, in it and in what it was merged into")
    return wrong + [f"still on the list: {row['sk']['S']}" for row in town.rows("CasesTable") if row["pk"]["S"] == "TIDY"]


def _left_by_a_dead_process(town: Town) -> Act:
    """It died when the case was erased and nothing else was done yet: the schedule finishes it."""
    from tests.faults import Fault, Watch
    from tests.town import tried

    act, before = _erase_case(town), town.moment()
    for call in range(1, 60):
        town.back_to(before)
        watch = Watch(Fault(call, "kill_after"))
        with town.aws.watched(watch):
            tried(act)
        if any(row["pk"]["S"] == "TIDY" for row in town.rows("CasesTable")):
            break
    town.restart()
    town.world.clock.advance(hours=3)
    return partial(whole.tidied, town)


# ---- volunteers


def offer_fields(town: Town) -> dict[str, Any]:
    typed = {"committee": "c01", "other": "修自行车", "nickname": "老师傅", "phone": CALLED}
    return {"key": KEY, **typed, "skills": ["repair", "mediate"], "hours": ["evening"], "agree": town.world.street.notice_version}


def _offer(town: Town) -> Act:
    return partial(town.post, "reporter", "/volunteer", offer_fields(town))


def _offered(town: Town) -> str:
    """The token of an offer's link."""
    return _offer(town)().where.removeprefix("/volunteer/")


def _take_back(town: Town) -> Act:
    return partial(town.post, "reporter", f"/volunteer/{_offered(town)}", {})


def _call(act: str, who: str = "committee", **fields: str) -> Callable[[Town], Act]:
    def prepare(town: Town) -> Act:
        no = helping.open_link(town.world.context, _offered(town)).offer.no
        return partial(press, town, who, f"/desk/volunteers/{no}", {"committee": "c01", "act": act, **fields})

    return prepare


def _shown_and_logged(town: Town, answers: Sequence[Answer]) -> list[str]:
    log = [row["card"]["S"].count('"reason":"call"') for row in town.rows("RegistersTable") if row["pk"]["S"] == "V#c01"]
    shown = [answer for answer in answers if "7711" in answer.text]
    return [] if log == [1] and shown else [f"logged {log} times, shown {len(shown)} times"]


def _hand_out(town: Town) -> Act:
    """Everything that is kept of one number: a case, a registration, an offer."""
    town.report(phone=CALLED)
    send(town.world, rental(1, people=(tenant(3, phone=CALLED),)), key=PREPARED)
    _offered(town)
    town.calm()
    return partial(press, town, "keeper", "/desk/people", {"whose": CALLED, "do": "hand_out", "reason": "本人要求"})


def _looked_at_once(town: Town, answers: Sequence[Answer]) -> list[str]:
    """Each record says so, once for the form however often it was sent."""
    told = [whole.stored(no).events for no in whole.case_numbers(town)]
    seen = sum(event.type == "revealed" for events in told for event in events)
    return [] if seen == 1 else [f"the case was looked at {seen} times"]


GONE = frozenset({200, 303, 404})
ERASED_TOO = frozenset({200, 303, 422})
SCENARIOS: tuple[Scenario, ...] = (
    Scenario("register a rental", _register(2), seen=stands),
    Scenario("register a crowded flat", _register(9, area="20", rooms="1"), seen=stands),
    Scenario("register residents, with a visit", _resident, seen=stands),
    Scenario("change a registration by its link", _edit, seen=stands),
    Scenario("book a visit", _at_desk("verifier", "book", slot_day="2026-11-20", slot_part="am"), seen=stands),
    Scenario("verify a registration", _at_desk("verifier", "visit", result="verified", remark=""), seen=stands),
    Scenario("correct a registration", _correct, seen=stands),
    Scenario("look at a tenant's number", _at_desk("verifier", "reveal", person="p1", reason="verify"), seen=stands),
    Scenario("the registers' digest", _days_end, holds=_told_once, seen=stands),
    Scenario("export with masks", _export(numbers="masks"), seen=stands),
    Scenario("export with masks, given up", _given_up, holds=_in_some_file, pause=1),
    Scenario("export with whole numbers", _export(numbers="full"), seen=stands),
    Scenario("take an export's link", _link, holds=_handed_out, seen=_but_records),
    Scenario(
        "erase a tenant",
        _at_desk("keeper", "erase", person="p1", reason="本人要求"),
        holds=partial(_without, key="p1"),
        seen=stands,
    ),
    Scenario(
        "erase a registration", _at_desk("keeper", "erase", reason="本人要求"), holds=partial(_without, key=""), seen=stands
    ),
    Scenario("erase a case", _erase_case, holds=_case_erased, after=whole.tidied_twice, seen=stands),
    Scenario("finish erasing", _left_by_a_dead_process, holds=_case_erased, after=whole.tidied_twice, seen=stands),
    Scenario("hand out a record", _hand_out, holds=_looked_at_once, seen=stands),
    Scenario("offer help", _offer, seen=stands),
    Scenario("take an offer back", _take_back, final=GONE, holds=_no_trace("老师傅", "修自行车"), seen=stands),
    Scenario("call a volunteer", _call("reveal", reason="call"), holds=_shown_and_logged, seen=stands),
    Scenario("erase a volunteer", _call("erase"), final=GONE, holds=_no_trace("老师傅", "修自行车"), seen=stands),
)
