"""Names of offices, places and parties, as residents and colleagues read them. Roles, never persons, towards residents."""

from __future__ import annotations

from chalicelib.casework.case import Case, Party
from chalicelib.street import Committee, Community, Department, Place, Street, Zone
from chalicelib.web.i18n import has, t


def unit_name(street: Street, unit: str, lang: str) -> str:
    """`committee:c07` → the committee's name; the street's own name for `street` and for a unit that is no longer there."""
    level, _, unit_id = unit.partition(":")
    found: Committee | Zone | Community | Department | None = None
    if level == "committee":
        found = street.committee_by_id.get(unit_id)
    elif level == "zone":
        found = street.zone_by_id.get(unit_id)
    elif level == "community":
        found = street.community_by_id.get(unit_id)
    elif level == "dept":
        found = street.department_by_id.get(unit_id)
    return found.name.text(lang) if found else street.name.text(lang)


def office_name(street: Street, rung_id: str, unit: str, lang: str) -> str:
    """Who a rung is for this case: the unit's own name, or the rung's name where the whole street is the unit."""
    rung = street.rung_by_id.get(rung_id)
    level, _, unit_id = unit.partition(":")
    if unit_id and level in {"committee", "zone"}:
        return unit_name(street, unit, lang)
    return rung.name.text(lang) if rung else street.name.text(lang)


def role_name(grant: str, lang: str) -> str:
    """`property@community:e1` → 物业."""
    key = f"role.{grant.partition('@')[0]}"
    return t(lang, key) if has(lang, key) else t(lang, "role.staff")


def grant_name(street: Street, grant: str, lang: str) -> str:
    role, _, unit = grant.partition("@")
    return t(lang, "desk.me.grant", role=role_name(role, lang), unit=unit_name(street, unit, lang))


def party_role(street: Street, party: Party, lang: str) -> str:
    """An assignee as residents may know it: the role, never the name."""
    return role_name(party.grant, lang) if party.grant else t(lang, "role.staff")


def party_name(street: Street, party: Party, lang: str) -> str:
    """A lead or co-handler as anybody may know them: the department's, office's or company's name, a person's role."""
    kind, _, rest = party.id.partition(":")
    if kind == "contact":
        return next((one.name.text(lang) for one in street.contacts if one.id == rest), party.name)
    if "@" not in party.id:
        return party_role(street, party, lang)
    role, _, unit = party.id.partition("@")
    name = unit_name(street, unit, lang)
    return name if role == "department" else t(lang, "who.party", unit=name, role=role_name(party.id, lang))


def place_name(street: Street, place: Place, lang: str) -> str:
    """Community and door, as people say it."""
    door = place.en if lang == "en" and place.en else place.name
    community = street.community_by_id.get(place.community)
    return t(lang, "place.in", community=community.name.text(lang), door=door) if community else door


def community_of(street: Street, place: Place, lang: str) -> str:
    community = street.community_by_id.get(place.community)
    return community.name.text(lang) if community else ""


def where(street: Street, case: Case, place: Place | None, lang: str) -> str:
    """Where the trouble is: what the resident wrote, else the door of the code, else the community or committee."""
    if case.elsewhere:
        return case.elsewhere
    if place:
        return place_name(street, place, lang)
    for unit in (f"community:{case.community}", f"committee:{case.committee}"):
        if unit.partition(":")[2]:
            return unit_name(street, unit, lang)
    return street.name.text(lang)
