"""The guides name what exists: parameters of the template, commands with their words, files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from infra.template.watch import watch_resources
from tests import packages
from tests.small_street import small_street

ROOT = Path(__file__).parent.parent
GUIDES = ("docs/deploy.md", "docs/deploy.zh-CN.md")


@pytest.mark.parametrize("guide", GUIDES)
def test_every_parameter_of_the_template_is_explained(guide: str) -> None:
    text = (ROOT / guide).read_text("utf-8")
    parameters = set(packages.template("aws")["Parameters"])
    assert {name for name in parameters if f"`{name}`" not in text} == set()
    assert set(watch_resources(small_street())["Parameters"]) <= parameters


@pytest.mark.parametrize(
    "guide", [*GUIDES, *(f"docs/{name}.md" for name in ("costs", "privacy", "secrets", "upgrading")), "README.md"]
)
def test_commands_and_links_lead_somewhere(guide: str) -> None:
    text = (ROOT / guide).read_text("utf-8")
    for module in set(re.findall(r"python -m ([a-z_.]+)", text)):
        path = ROOT / Path(*module.split("."))
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        assert ((ROOT / guide).parent / link).exists(), link


def test_the_words_of_the_operators_commands_are_those_of_the_guides() -> None:
    text = (ROOT / GUIDES[0]).read_text("utf-8")
    for module, words in {"secrets": ("set", "show", "rotate"), "messages": ("list", "revive"), "staff": ("create",)}.items():
        said = subprocess.run(
            [sys.executable, "-m", f"infra.{module}", "--help"], capture_output=True, text=True, cwd=ROOT, check=True
        )
        for word in words:
            assert re.search(rf"\b{word}\b", said.stdout), f"infra.{module} {word}"
            assert word in text
