"""What is tried under faults: one entry for each thing that a person or the machinery does to the system.

A scenario prepares its moment and hands over the one act that is to go wrong. `holds` says what must be true at the end beyond
the general promises.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from chalicelib import wiring
from chalicelib.casework.photos import incoming_key, ready_key
from chalicelib.errors import DoorstepError
from chalicelib.models import photos
from chalicelib.usecases import signin
from tests import picture_files
from tests.fault_script import DONE, KEY, NEW_PASSWORD, POLICE, Act, Scenario, Script, step
from tests.promises import people_did
from tests.town import Answer, Town


def _dispatched(script: Script) -> Script:
    return script.reported().do("centre", "dispatch", lead=POLICE, demands="请到现场看看")


def _first(town: Town, reasons: str) -> str:
    return town.world.street.reasons.named(reasons)[0].id


def _refuse(town: Town) -> Act:
    return step(Script.at_committee, "committee", "refuse", reason=_first(town, "refusal"), basis="不归本居委")(town)


def _longer(town: Town) -> dict[str, str]:
    return {"reason": _first(town, "extension"), "days": "3", "text": "要等配件"}


def _request(town: Town) -> Act:
    return step(Script.assigned, "committee", "extend", **_longer(town))(town)


def _asked(script: Script) -> Script:
    return script.assigned().do("committee", "extend", **_longer(script.town))


def _merge(town: Town) -> Act:
    """Two cases change in one write."""
    stays = Script(town).reported()
    script = Script(town).reported(text="楼道灯还是不亮")
    town.calm()
    return script.act("centre", "merge", fields={"other": stays.no})


def _merged(town: Town, answers: Sequence[Answer]) -> list[str]:
    """On both cases, or on neither."""
    found = sorted(event.type for events in people_did(town).values() for event in events)
    return [] if found == ["absorbed", "merged", "submitted", "submitted"] else [f"merging made {found}"]


def _submit(phone: str) -> Callable[[Town], Act]:
    def prepare(town: Town) -> Act:
        from tests import steps

        return partial(town.reported, steps.report(town.world, key=KEY, phone=phone))

    return prepare


def _assign(town: Town) -> Act:
    script = Script(town).accepted()
    town.calm()
    return script.act("committee", "assign", fields={"to": script.party("worker"), "note": ""})


def _sign_in(town: Town) -> Act:
    who = town.people["zone"]
    return partial(town.post, "reporter", "/desk/signin", {"username": who.username, "password": who.password})


def _signed_in(town: Town, answers: Sequence[Answer]) -> list[str]:
    """Every session that was handed out opens the desk."""
    name = wiring.house().settings.cookie
    for answer in answers:
        if answer.status == 303:
            secret = answer.cookie.split(";")[0].removeprefix(f"{name}=")
            try:
                signin.session(town.world.context, secret)
            except DoorstepError:
                return ["a session was handed out that opens nothing"]
    return []


def _activate(town: Town) -> Act:
    secret = signin.activation_link(town.world.context, town.people["zone"].id)
    return partial(town.post, "reporter", f"/desk/activate/{secret}", {"password": NEW_PASSWORD})


def _activated(town: Town, answers: Sequence[Answer]) -> list[str]:
    try:
        signin.sign_in(town.world.context, "zone", NEW_PASSWORD)
    except DoorstepError:
        return ["the new password opens nothing"]
    if answers[0].status == 404:
        return ["the link is said to be no good while it is"]
    return []


REF = "7K3MPQ9XA2W7K3MPQ9XA2W22"


def _photo(town: Town) -> Act:
    bucket, key = town.world.outputs["PhotosBucket"], incoming_key(REF, 1)
    town.world.aws("s3").put_object(Bucket=bucket, Key=key, Body=picture_files.jpeg(160, 120))
    event = {"Records": [{"s3": {"bucket": {"name": bucket}, "object": {"key": key}}}]}

    def act() -> Answer:
        town.world.app.photo(event, None)
        return Answer(200)

    return act


def _photo_ready(town: Town, answers: Sequence[Answer]) -> list[str]:
    found = [row.status for row in photos.rows(REF)]
    keys = sorted(town.objects())
    wanted = [ready_key(REF, 1, size) for size in ("full", "thumb")]
    return [] if (found, keys) == (["ready"], wanted) else [f"the photo is {found} with {keys}"]


def _sweeping(way: Callable[[Script], Script], **later: float) -> Callable[[Town], Act]:
    def prepare(town: Town) -> Act:
        way(Script(town))
        town.calm()
        town.world.clock.advance(**later)
        return lambda: _tried(town.sweep())

    return prepare


def _tried(done: dict[str, Any]) -> Answer:
    """A sweep or a batch that left something over comes again by itself."""
    return Answer(500 if done.get("failed") or done.get("batchItemFailures") else 200)


def _delivering(way: Callable[[Script], Script], how: str) -> Callable[[Town], Act]:
    def prepare(town: Town) -> Act:
        way(Script(town))
        return lambda: _tried(town.stream() if how == "stream" else town.sweep())

    return prepare


def _many(script: Script) -> Script:
    """Five reports for one office while the stream was down: more than a few for each of its people."""
    for number in range(5):
        script.reported(phone=False, text=f"第{number}盏灯不亮")
    return script


def _told_together(town: Town, answers: Sequence[Answer]) -> list[str]:
    """Everybody at the centre got one message of all five when they came and one when they were late, and nothing by itself."""
    centre = {town.people[who].phone for who in ("centre", "second")}
    found = Counter((message.phone, message.template, message.params[1]) for message in town.sms.out if message.phone in centre)
    return [] if found == {(phone, "digest", "5"): 2 for phone in centre} else [f"the centre was told {dict(found)}"]


def _one(script: Script) -> Script:
    return script.reported()


WORDS = {"text": "三号楼", "words": "", "score": ""}
UNSATISFIED = {"satisfied": "no", "score": "1", "words": "还是不亮"}
SCENARIOS: tuple[Scenario, ...] = (
    Scenario("submit with phone", _submit("021-0012 7788")),
    Scenario("submit without phone", _submit("")),
    Scenario("allocate", step(_one, "centre", "allocate", to="committee@committee:c01", reason="")),
    Scenario("accept", step(_one, "centre", "accept", note="")),
    Scenario("accept as hazard", step(_one, "centre", "accept", **{"class": "urgent", "note": ""})),
    Scenario("sign", step(Script.at_committee, "committee", "sign", note="")),
    Scenario("refuse", _refuse),
    Scenario("dispatch", step(_one, "centre", "dispatch", lead=POLICE, demands="请到现场看看")),
    Scenario("report in", step(_dispatched, "police", "report_in", note="")),
    Scenario("merge", _merge, holds=_merged),
    Scenario("request", _request),
    Scenario("approve", step(_asked, "supervisor", "approve")),
    Scenario("urge", step(Script.assigned, "supervisor", "urge", text="请尽快")),
    Scenario("answer", step(_one, "centre", "answer", text="带身份证到窗口办")),
    Scenario("assign", _assign),
    Scenario("ask", step(Script.accepted, "committee", "ask", text="是几号楼")),
    Scenario("reply", step(lambda s: s.accepted().do("committee", "ask", text="几号"), "reporter", "reply", text="三号楼")),
    Scenario("add", step(Script.accepted, "reporter", "add", text="今天又不亮")),
    Scenario("withdraw", step(Script.assigned, "reporter", "withdraw", text="")),
    Scenario("pass up", step(Script.assigned, "committee", "pass_up", reason="线路归外单位")),
    Scenario(
        "pass up, out of sight", step(lambda s: s.elsewhere().do("outsider", "sign"), "outsider", "pass_up", reason="不归本居委")
    ),
    Scenario("prelim", step(Script.assigned, "worker", "prelim", text="已联系电工")),
    Scenario("propose", step(Script.assigned, "worker", "propose", **DONE)),
    Scenario("confirm", step(lambda s: s.assigned().do("worker", "propose", **DONE), "committee", "confirm", note="")),
    Scenario("close", step(Script.handled, "committee", "close", outcome="solved", text="")),
    Scenario("rate not satisfied", step(Script.handled, "reporter", "rate", **UNSATISFIED)),
    Scenario("reveal", step(Script.accepted, "committee", "reveal", reason="contact", note="")),
    Scenario("sign in", _sign_in, holds=_signed_in),
    Scenario("activation", _activate, final=frozenset({303, 404}), holds=_activated),
    Scenario("photo", _photo, holds=_photo_ready),
    Scenario("sweep with reminder", _sweeping(_one, minutes=16)),
    Scenario("sweep with escalation", _sweeping(Script.assigned, days=3, hours=1)),
    Scenario("sweep with late parties", _sweeping(_dispatched, days=1, hours=1)),
    Scenario("deliver by stream", _delivering(_one, "stream")),
    Scenario("deliver by sweep", _delivering(_one, "sweep")),
    Scenario("office expansion", _delivering(lambda s: s.reported(phone=False), "stream")),
    Scenario("hazard told", _delivering(lambda s: s.reported().do("centre", "accept", **{"class": "urgent"}), "stream")),
    Scenario("digest", _delivering(_many, "sweep"), gathers=True),
    Scenario("catching up", _sweeping(_many, hours=6), holds=_told_together),
    *(
        Scenario(f"deliver, {way} by a provider that is {memory}", _delivering(_one, "sweep"), (way,), memory)
        for way, memory in (
            ("lost", "honest"),
            ("silent", "honest"),
            ("lost", "mute"),
            ("lost", "denies"),
            ("silent", "claims"),
            ("refused", "honest"),
            ("throttled", "honest"),
        )
    ),
)
