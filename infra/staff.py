"""People of the desk, for operators: `python -m infra.staff create …`, `… change USERNAME …`, `… link USERNAME`,
`… out USERNAME`, `… remove USERNAME`.

`change` gives somebody another number, another name, or other offices in the place of all they held; their cases stay theirs.
`out` ends somebody's sessions at once; `remove` takes their password, offices and duty hours as well: what they did stays
theirs. A person gets no password here: a one-time activation link is printed, with which they set their own within three days.
Region, tables and key come from the environment (DOORSTEP_*), as the functions have them; the stack's outputs name them.
"""

from __future__ import annotations

import argparse
import sys

from chalicelib import wiring
from chalicelib.casework.access import ROLES, split_grant
from chalicelib.errors import ConfigError, DoorstepError
from chalicelib.models import staff
from chalicelib.models.staff import StaffItem
from chalicelib.street import Street
from chalicelib.usecases import signin
from infra.errors import InfraError
from infra.say import say


def check_grant(grant: str, street: Street) -> str:
    """`role@unit` as this street has it. Raises `InfraError` naming what would be right."""
    role, unit = split_grant(grant)
    if role not in ROLES:
        raise InfraError(f"{grant!r}: there is no role {role!r}; there are {', '.join(sorted(ROLES))}")
    level, _, unit_id = unit.partition(":")
    known: dict[str, set[str]] = {
        "zone": set(street.zone_by_id),
        "committee": set(street.committee_by_id),
        "community": set(street.community_by_id),
        "dept": set(street.department_by_id) if role == "department" else set(),
    }
    if unit == "street" or unit_id in known.get(level, set()):
        return grant
    raise InfraError(
        f"{grant!r}: no such unit; write role@street, role@zone:<id>, role@committee:<id>, role@community:<id> "
        "or department@dept:<id>"
    )


def create(username: str, name: str, grants: tuple[str, ...], phone: str, base_url: str) -> str:
    """The activation address of a new person. Raises `InfraError` for a taken name, a wrong grant or a wrong phone."""
    ctx = wiring.context()
    for grant in grants:
        check_grant(grant, ctx.street)
    try:
        staff_id = signin.create_staff(ctx, username=username, name=name, grants=grants, phone=phone)
    except DoorstepError as error:
        raise InfraError(f"{username}: {error.reason} {', '.join(field.name for field in error.fields)}".strip()) from error
    return f"{base_url}/desk/activate/{signin.activation_link(ctx, staff_id)}"


def link(username: str, base_url: str) -> str:
    """A new activation address for somebody who is there. Raises `InfraError` for an unknown name."""
    ctx, person = wiring.context(), _known(username)
    return f"{base_url}/desk/activate/{signin.activation_link(ctx, person.staff_id or '')}"


def _known(username: str) -> StaffItem:
    person = staff.by_username(username.strip().lower())
    if person is None or not person.staff_id:
        raise InfraError(f"there is nobody called {username!r}")
    return person


def change(username: str, name: str, grants: tuple[str, ...], phone: str) -> str:
    """What they hold afterwards. Raises `InfraError` for an unknown name, a wrong grant or phone, and for nothing to change."""
    if not (name or grants or phone):
        raise InfraError("nothing is to change: give --name, --grant or --phone")
    ctx, person = wiring.context(), _known(username)
    for grant in grants:
        check_grant(grant, ctx.street)
    try:
        signin.change_staff(ctx, person, name=name, grants=grants, phone=phone)
    except DoorstepError as error:
        raise InfraError(f"{username}: {error.reason} {', '.join(field.name for field in error.fields)}".strip()) from error
    return f"{username}: {name or person.name}, {' '.join(sorted(grants or person.grants or ())) or 'no office'}"


def out(username: str) -> str:
    """Ends their sessions; what to say. Raises `InfraError` for an unknown name."""
    return f"{username}: {signin.revoke(_known(username).staff_id or '')} sessions ended"


def remove(username: str) -> str:
    """Nobody signs in under that name any more, by an old link neither. Can be done again until it is done."""
    person = _known(username)
    staff.dismiss(person)
    return f"{username}: may not sign in any more; {signin.revoke(person.staff_id or '')} sessions ended"


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.staff", description="People of the desk.")
    commands = parser.add_subparsers(dest="command", required=True)
    new = commands.add_parser("create", help="a new person; prints the activation address")
    new.add_argument("username")
    new.add_argument("--name", required=True, help="as colleagues see it")
    new.add_argument("--grant", action="append", required=True, help="role@unit; may be given several times")
    new.add_argument("--phone", default="", help="for messages")
    other = commands.add_parser("change", help="another number or name, or other offices; prints what they hold")
    other.add_argument("username")
    other.add_argument("--name", default="", help="as colleagues see it")
    other.add_argument("--grant", action="append", default=[], help="role@unit, in the place of all before; may be repeated")
    other.add_argument("--phone", default="", help="for messages")
    again = commands.add_parser("link", help="a new activation address for somebody who is there")
    again.add_argument("username")
    for name, means in (("out", "ends somebody's sessions at once"), ("remove", "takes somebody's leave to sign in")):
        commands.add_parser(name, help=means).add_argument("username")
    for command in (new, again):
        command.add_argument("--base-url", required=True, help="https://<the street's domain>")
    options = parser.parse_args(argv)
    try:
        if options.command == "create":
            address = create(options.username, options.name, tuple(options.grant), options.phone, options.base_url)
        elif options.command == "change":
            address = change(options.username, options.name, tuple(options.grant), options.phone)
        elif options.command == "link":
            address = link(options.username, options.base_url)
        else:
            address = (out if options.command == "out" else remove)(options.username)
    except (InfraError, ConfigError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    say(address)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
