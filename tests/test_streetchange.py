"""A street file is changed under running functions: what is safe shows at once, what hangs on something under way is refused."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chalicelib import wiring
from chalicelib.models import cases
from infra.engine import REGION, Engine
from infra.errors import InfraError
from infra.package import archive
from infra.streetchange import __main__ as command
from infra.streetchange import package
from infra.streetchange.publish import Running, publish
from infra.streetchange.standing import standing
from infra.streetfile.compile import write
from tests import steps
from tests.world import SMALL, World, environment

BUCKET = "street-packages"
CODE = {"app.py": b"code", **{name: (package.ROOT / name).read_bytes() for name in package.READERS}}
msgspec_replace = msgspec.structs.replace


def built(folder: Path, street_file: Path) -> bytes:
    """A package as the builder makes it: the shared code, and the street's two files at its end."""
    for name, data in CODE.items():
        path = folder / "code" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    archive.write(folder / "base.zip", (folder / "code",))
    files = {f"chalicelib/{path.name}": path.read_bytes() for path in write(street_file, folder / "street")}
    archive.extend(folder / "base.zip", folder / "package.zip", files)
    return (folder / "package.zip").read_bytes()


@dataclass
class Deployed:
    """A street whose package lies in a bucket under a stack's parameters, as it is deployed."""

    world: World
    folder: Path
    endpoint: str

    def write(self, change: Callable[[str], str], places: Callable[[str], str] = str) -> Path:
        """The street's file, changed."""
        path = self.folder / "new" / SMALL.name
        path.parent.mkdir(exist_ok=True)
        path.write_text(change(SMALL.read_text("utf-8")), "utf-8")
        path.with_suffix(".csv").write_text(places(SMALL.with_suffix(".csv").read_text("utf-8")), "utf-8")
        return path

    def run(self, file: Path, *options: str) -> int:
        where = ["--region", REGION, *(["--endpoint", self.endpoint] if self.endpoint else [])]
        own = {name: value for name, value in os.environ.items() if name.startswith(("AWS_", "DOORSTEP_"))}
        with environment(own):
            done = command.main([str(file), "--stack", "street", *where, *options])
        wiring.use(clock=self.world.clock)
        return done

    @property
    def key(self) -> str:
        found = self.world.aws("cloudformation").describe_stacks(StackName="street")["Stacks"][0]
        return str(next(one["ParameterValue"] for one in found["Parameters"] if one["ParameterKey"] == "CodeKey"))

    def package(self) -> bytes:
        body: bytes = self.world.aws("s3").get_object(Bucket=BUCKET, Key=self.key)["Body"].read()
        return body

    def started(self) -> None:
        """New processes, with the package that the stack names now."""
        with zipfile.ZipFile(io.BytesIO(self.package())) as files:
            for name in ("street.json", "places.json"):
                (self.folder / name).write_bytes(files.read(f"chalicelib/{name}"))
        wiring.use(clock=self.world.clock)


def deploy(world: World, folder: Path, endpoint: str = "") -> Deployed:
    made = built(folder, SMALL)
    key = package.key_of("small", made)
    s3 = world.aws("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key=key, Body=made)
    template = {
        "Parameters": {name: {"Type": "String"} for name in ("CodeBucket", "CodeKey", "SmsProvider")},
        "Resources": {
            "Runs": {
                "Type": "AWS::S3::Bucket",
                "Properties": {"BucketName": "runs", "Tags": [{"Key": "runs", "Value": {"Ref": "CodeKey"}}]},
            }
        },
        "Outputs": {name: {"Value": value} for name, value in world.outputs.items()},
    }
    given = {"CodeBucket": BUCKET, "CodeKey": key, "SmsProvider": "local"}
    world.aws("cloudformation").create_stack(
        StackName="street",
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
    )
    return Deployed(world, folder, endpoint)


@pytest.fixture
def deployed(world: World, tmp_path: Path) -> Deployed:
    return deploy(world, tmp_path)


def due(no: str, clock: str) -> str:
    stored = cases.get(no)
    run = stored.case.clock(clock) if stored else None
    assert run is not None
    return run.due


def mended(text: str) -> str:
    """Numbers to call, a shorter clock, a new category, another text, a name."""
    for was, now in (
        ('phone = "021-0012 3456"', 'phone = "021-0012 9999"'),
        ('late = "7d"\nwarn = "1wd"', 'late = "5d"\nwarn = "1wd"'),
        ('phone = "021-0012 9501"', 'phone = "021-0012 9502"'),
        ("[[classes]]", '[[categories]]\nid = "noise"\nname = { zh = "噪声", en = "Noise" }\n\n[[classes]]'),
        ('zh = "物业管理"', 'zh = "物业服务"'),
    ):
        assert was in text
        text = text.replace(was, now, 1)
    return text


def hung(text: str) -> str:
    """A door more; another's code is taken down."""
    retired = text.replace("plate\n", "plate,retired\n", 1).replace(",5\n", ",5,1\n", 1)
    return retired + "HB6QTW,building,21号楼,Building 21,c01,c01a,21,\n"


def test_what_is_safe_shows_and_running_cases_keep_what_was_promised(
    deployed: Deployed, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    world, before = deployed.world, deployed.package()
    no, token = steps.reported(world)
    promised, first = due(no, "whole_case"), deployed.key
    taken_down = world.code(3)
    assert "021-0012 3456" in world.client().get(f"/t/{token}").words
    file = deployed.write(mended, hung)

    # Said first; nothing is changed by looking.
    assert deployed.run(file) == 0
    said = capsys.readouterr().out
    assert "~ phone: 021-0012 3456 → 021-0012 9999" in said
    assert "~ clocks.whole_case.late.amount: 7 → 5" in said
    assert "+ categories.noise" in said
    assert "+ places.HB6QTW" in said
    assert "~ places.DTDXEF.retired: false → true" in said
    assert "note: the gateway's own pages" in said
    assert "--publish makes them" in said
    assert deployed.key == first

    assert deployed.run(file, "--publish") == 0
    said = capsys.readouterr().out
    assert f"before: CodeKey={first}; now: CodeKey={deployed.key}" in said
    # The code is the same to the byte, and the whole is what the builder makes of the new file.
    after = deployed.package()
    assert deployed.key == package.key_of("small", after) != first
    assert after == built(tmp_path / "again", file)
    old, new = (package.Package.read(data).files for data in (before, after))
    assert {name for name in old if old[name] != new[name]} == {package.STREET, package.PLACES}

    deployed.started()
    shown = world.client().get(f"/t/{token}").words
    assert "021-0012 9999" in shown
    assert "021-0012 3456" not in shown
    assert "噪声" in world.client().get(f"/Q/{world.code()}").words
    assert world.client().get(f"/Q/{taken_down}").status == 410 or "021-0012 9999" in world.client().get(f"/Q/{taken_down}").words
    assert due(no, "whole_case") == promised
    later, _ = steps.reported(world, phone="")
    assert due(later, "whole_case") < promised
    clerk = world.signed_in("dispatcher", "street")
    assert "已受理" in steps.act(clerk, no, "accept").words
    assert due(no, "whole_case") == promised

    assert deployed.run(file, "--publish") == 0
    assert "nothing changes" in capsys.readouterr().out
    # The change before comes back the same way.
    assert deployed.run(SMALL, "--publish") == 2
    assert "HB6QTW is gone from the CSV" in capsys.readouterr().err


def test_the_second_engine_takes_the_same_change(ministack: Engine, engine_world: World, tmp_path: Path) -> None:
    """Its CloudFormation and S3 are another's work; conditions and indexes are read there as here."""
    deployed = deploy(engine_world, tmp_path, ministack.endpoint)
    no, _ = steps.reported(engine_world)
    assert [case.no for case in standing(engine_world.street).cases] == [no]
    first = deployed.key
    assert deployed.run(deployed.write(lambda text: text.replace('id = "hardware"', 'id = "fittings"')), "--publish") == 2
    assert deployed.key == first
    assert deployed.run(deployed.write(mended), "--publish") == 0
    assert deployed.key == package.key_of("small", deployed.package()) != first
    deployed.started()
    assert "021-0012 9999" in engine_world.client().get(f"/Q/{engine_world.code()}").words


def test_what_hangs_on_open_cases_is_refused_with_their_count(deployed: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    world, first = deployed.world, deployed.key
    numbers = sorted(steps.reported(world, phone="", text=f"灯{number}")[0] for number in range(4))

    def without_clock(text: str) -> str:
        head, rest = text.split("[clocks.dispatch]", 1)
        return (head + "[clocks." + rest.split("[clocks.", 1)[1]).replace('clocks = ["dispatch"]', 'clocks = ["accept"]')

    file = deployed.write(lambda text: without_clock(text).replace('id = "hardware"', 'id = "fittings"'))
    assert deployed.run(file, "--publish") == 2
    said = capsys.readouterr().err
    hang = f"4 open cases ({', '.join(numbers[:3])}, …) hang on it"
    assert f"refused: clocks.dispatch: is gone, and {hang}: let them run out first" in said
    assert f"refused: categories.hardware: is gone, and {hang}: bring them to an end first" in said
    assert "2 to mend, nothing was changed" in said
    assert deployed.key == first
    # Once nothing hangs on it any more, it goes.
    clerk = world.signed_in("dispatcher", "street")
    for no in numbers:
        steps.act(clerk, no, "accept")
        steps.act(clerk, no, "assign", to=steps.choice(clerk, no, "assign", "to", "dispatcher@street"))
        steps.act(clerk, no, "propose", outcome="solved", text="好了")
        steps.act(clerk, no, "confirm")
    world.clock.advance(days=40)
    from chalicelib.usecases import sweeping

    sweeping.sweep(world.context, lambda: 60.0)
    left = standing(world.street).cases
    assert deployed.run(file, "--publish") == (2 if left else 0), [(case.no, case.state) for case in left]


def swapped(was: str, now: str, text: str) -> str:
    return text.replace(was, now, 1)


def test_what_stands_in_the_template_is_deployed(deployed: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    for was, now, why in (
        ('domain = "small.example"', 'domain = "other.example"', "domain: 'small.example' → 'other.example': it is printed"),
        (
            'timezone = "Asia/Shanghai"',
            'timezone = "Asia/Urumqi"',
            "timezone: 'Asia/Shanghai' → 'Asia/Urumqi': the package holds",
        ),
        ("photo_days = ", "photo_days = 1", "make package` and deploy"),
    ):
        file = deployed.write(partial(swapped, was, now))
        assert deployed.run(file, "--publish") == 2
        assert why in capsys.readouterr().err


def test_other_code_and_other_stacks_are_refused(tmp_path: Path) -> None:
    made = package.Package.read(built(tmp_path, SMALL))
    made.check_readers()
    foreign = replace(made, files={**made.files, package.READERS[0]: b"another"})
    with pytest.raises(InfraError, match="take the tree that it was built from"):
        foreign.check_readers()
    with pytest.raises(InfraError, match="CodeKey: what lies there is no zip"):
        package.Package.read(b"nothing")
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    with pytest.raises(InfraError, match="holds no chalicelib/street.json"):
        package.Package.read(empty.getvalue())


def test_a_change_that_was_rolled_back_is_said(tmp_path: Path) -> None:
    class Stack:
        def __init__(self) -> None:
            self.statuses = ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"]
            self.asked: dict[str, Any] = {}

        def put_object(self, **asked: Any) -> None: ...

        def update_stack(self, **asked: Any) -> None:
            self.asked.update(asked)

        def describe_stacks(self, **_: Any) -> Any:
            return {"Stacks": [{"StackStatus": self.statuses.pop(0)}]}

    stack, waited = Stack(), list[float]()
    parameters = {"CodeBucket": BUCKET, "CodeKey": "before.zip", "DomainName": "small.example"}
    now = Running("street", parameters, {}, package.Package({}))
    with pytest.raises(InfraError, match="what ran before runs on"):
        publish(stack, stack, now, "after.zip", b"", waited.append)
    assert len(waited) == 1
    assert stack.asked["UsePreviousTemplate"] is True
    assert stack.asked["Parameters"] == [
        {"ParameterKey": "CodeBucket", "UsePreviousValue": True},
        {"ParameterKey": "DomainName", "UsePreviousValue": True},
        {"ParameterKey": "CodeKey", "ParameterValue": "after.zip"},
    ]
