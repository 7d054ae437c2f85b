"""`python -m infra.docs [--check]`: writes the ladder's pages, a street's each, and the security lists, or says which are old."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from infra.docs import security, table
from infra.docs import street as one_street
from infra.say import say
from infra.streetfile.compile import load
from infra.streetfile.problems import StreetFileError

ROOT = Path(__file__).parent.parent.parent
STREETS = ROOT / "infra" / "streets"


def rendered() -> dict[Path, str]:
    """Every document by its path under the project, from the code and the street files as they stand."""
    streets = [load(path)[0] for path in sorted(STREETS.glob("*.toml"))]
    pages = {Path("docs") / "ladder" / f"{street.id}.md": one_street.render(street) for street in streets}
    lists = {"asvs.md": security.asvs_page, "api-top10.md": security.api_page, "dependencies.md": security.dependencies_page}
    pages |= {Path("docs") / name: made() for name, made in lists.items()}
    return {Path("docs") / "ladder.md": table.render(streets), **pages}


def old(root: Path = ROOT) -> list[str]:
    """Documents that say something else than what would be rendered now, those of streets that are gone included."""
    pages = rendered()
    wrong = [path for path, text in pages.items() if not (root / path).is_file() or (root / path).read_text("utf-8") != text]
    gone = [path.relative_to(root) for path in sorted((root / "docs" / "ladder").glob("*.md"))]
    return [str(path) for path in [*wrong, *(path for path in gone if path not in pages)]]


def write(root: Path = ROOT) -> list[str]:
    """Renders all; returns what was written or removed."""
    changed = old(root)
    pages = rendered()
    for name in changed:
        path = root / name
        if Path(name) not in pages:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(pages[Path(name)], "utf-8")
    return changed


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make docs", description="Render the ladder of all streets into docs/.")
    parser.add_argument("--check", action="store_true", help="write nothing; say what is old and exit 1")
    options = parser.parse_args(argv)
    try:
        changed = old() if options.check else write()
    except StreetFileError as error:
        sys.stderr.write(f"{error}\nnothing was rendered\n")
        return 2
    for name in changed:
        say(f"{name}: {'is old, run make docs' if options.check else 'rendered'}")
    say(f"docs: {len(rendered())} pages, {len(changed)} {'old' if options.check else 'changed'}")
    return 1 if options.check and changed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
