"""`make audit`: is anything that ships known to be flawed, unlisted, unpinned or under a licence that was not allowed?

First without a network: pyproject.toml and what is installed are compared with `infra/advisories.toml`, which is dated and kept
by hand. Then the live service is asked through pip-audit, made ready in `.local/audit`. Where it can't be asked, that is said at
the end, and the command fails: silence is no answer. Exit 0: nothing new; 1: something is flawed; 3: could not ask.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.say import say

ROOT = Path(__file__).parent.parent
FILE = ROOT / "infra" / "advisories.toml"
TOOL = "pip-audit==2.10.1"
TOOL_HOME = ROOT / ".local" / "audit"
ASK_S = 300
_PIN = re.compile(r"([A-Za-z0-9._-]+)(\[[a-z0-9,_-]+\])?==([A-Za-z0-9.]+)(; python_version (<|>=) '3\.\d+')?")
# How packages write licences that the list names by SPDX.
_SPOKEN = (
    ("LGPL-2.1-or-later", r"lgpl|lesser general public"),
    ("MIT-CMU", r"mit-cmu"),
    ("MIT-0", r"mit-0"),
    ("MIT", r"\bmit\b"),
    ("Apache-2.0", r"apache"),
    ("BSD-2-Clause", r"bsd-2|bsd, public domain"),
    ("BSD-3-Clause", r"bsd"),
    ("PSF-2.0", r"psf|python software foundation"),
)


def known() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8"))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(project: Mapping[str, Any]) -> list[str]:
    """All requirements of pyproject.toml, those of tests and tools too."""
    groups = project.get("dependency-groups", {})
    return [*project["project"]["dependencies"], *(one for group in groups.values() for one in group if isinstance(one, str))]


def unpinned(requirements: Sequence[str]) -> list[str]:
    return [one for one in requirements if not _PIN.fullmatch(one)]


def installed() -> dict[str, str]:
    return {normal(dist.name): dist.version for dist in importlib.metadata.distributions() if dist.name}


def licence(name: str) -> list[str]:
    """What an installed package says of its licence, as SPDX: any of them may be chosen."""
    meta = importlib.metadata.metadata(name)
    said = [str(meta.get_all("License-Expression") or ""), str(meta.get_all("License") or "")[:80]]
    said += [one for one in meta.get_all("Classifier") or [] if one.startswith("License ::")]
    text = " ".join(said).lower()
    return [spdx for spdx, pattern in _SPOKEN if re.search(pattern, text)]


def version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text.split("post")[0].split("+")[0]))


def flaws(versions: Mapping[str, str], data: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(package, version, advisory) of every known flaw in these versions, accepted or not."""
    for one in data["advisory"]:
        has = versions.get(one["package"])
        if has and version(one.get("from", "0")) <= version(has) < version(one["before"]):
            yield one["package"], has, one["id"]


def accepted(data: Mapping[str, Any]) -> set[tuple[str, str, str]]:
    return {(one["package"], one["version"], flaw) for one in data.get("accepted", ()) for flaw in one["ids"]}


def problems(project: Mapping[str, Any], versions: Mapping[str, str], data: Mapping[str, Any]) -> list[str]:
    """What is wrong, without asking anybody."""
    ships = data["ships"]
    pinned = {(normal(pin[1]), pin[3]) for pin in map(_PIN.match, project["project"]["dependencies"]) if pin}
    declared = {name for name, _ in pinned}
    found = [f"{one}: pin it to one version" for one in unpinned(pins(project))]
    found += [f"{name} ships and is not on the list" for name in sorted(declared - ships.keys())]
    direct = {name for name, about in ships.items() if about.get("direct")}
    found += [f"{name} is on the list and not in pyproject.toml" for name in sorted(direct - declared)]
    for name in sorted(ships.keys() & versions.keys()):
        if ships[name]["licence"] not in data["licences"]["allowed"] or ships[name]["licence"] not in licence(name):
            found.append(
                f"{name}: {ships[name]['licence']} is not what it says ({', '.join(licence(name)) or 'nothing'}), or not allowed"
            )
    open_ones, known_open = set(flaws(versions, data)), accepted(data)
    found += [f"{name} {has} is flawed: {flaw}" for name, has, flaw in sorted(open_ones - known_open)]
    return found + [
        f"{name} {has}: {flaw} is accepted and not there any more"
        for name, has, flaw in sorted(known_open - open_ones)
        # What another interpreter has is not looked at here.
        if (name, has) not in pinned or versions.get(name) == has
    ]


def ask(versions: Mapping[str, str], names: Sequence[str]) -> tuple[list[str], str]:
    """What the live service says of these packages, and why it could not be asked, or nothing."""
    if not (TOOL_HOME / "pip_audit").is_dir():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(TOOL_HOME), TOOL]
        if subprocess.run(command, capture_output=True, timeout=ASK_S, check=False).returncode:
            return [], f"{TOOL} could not be installed"
    listed = TOOL_HOME / "asked.txt"
    listed.write_text("".join(f"{name}=={versions[name]}\n" for name in names if name in versions), "utf-8")
    why = ""
    for service in ("pypi", "osv"):
        command = [
            sys.executable,
            "-m",
            "pip_audit",
            "-r",
            str(listed),
            "--no-deps",
            "--disable-pip",
            "-s",
            service,
            "-f",
            "json",
        ]
        done = subprocess.run(
            [*command, "--progress-spinner", "off"],
            capture_output=True,
            text=True,
            timeout=ASK_S,
            check=False,
            env={"PYTHONPATH": str(TOOL_HOME)},
        )
        try:
            answers = json.loads(done.stdout)["dependencies"]
        except (ValueError, KeyError):
            why = f"{service} did not answer"
            continue
        skipped = [one["name"] for one in answers if one.get("skip_reason")]
        if skipped or not answers:
            why = f"{service} knows nothing of {len(skipped)} of {len(answers)} packages"
            continue
        return [f"{one['name']} {one['version']} is flawed: {flaw['id']}" for one in answers for flaw in one["vulns"]], ""
    return [], why


def main() -> int:
    data, versions = known(), installed()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    found = problems(project, versions, data)
    for one in found:
        say(f"audit: {one}")
    for name, has, flaw in sorted(set(flaws(versions, data)) & accepted(data)):
        say(f"audit: {name} {has}: {flaw} is open and accepted for now (infra/advisories.toml says why)")
    say(f"audit: {len(data['ships'])} packages ship, {len(found)} problems by the list of {data['looked_up']}")
    flawed, why = ask(versions, sorted(data["ships"]))
    for one in flawed:
        say(f"audit: the live service says: {one}")
    if why:
        say(f"audit: THE LIVE SERVICE COULD NOT BE ASKED: {why}. What was published after {data['looked_up']} is not known here.")
    if found or flawed:
        return 1
    return 3 if why else 0


if __name__ == "__main__":
    sys.exit(main())
