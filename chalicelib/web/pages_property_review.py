"""The sheet for the review meeting of property service (物业联席会议): each community's quarter beside the last, on paper."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.casework import property as rules
from chalicelib.casework.figures_count import Count
from chalicelib.street import Street
from chalicelib.web import dates
from chalicelib.web.i18n import t
from chalicelib.web.look import Look
from chalicelib.web.pages_property import heads_of, quarter_name
from chalicelib.web.pages_sheets import SHEET
from chalicelib.web.present_common import frame
from chalicelib.web.present_figures import percent
from chalicelib.web.present_sheets import ON_PAPER
from chalicelib.web.render import render
from chalicelib.web.views import Viewer

if TYPE_CHECKING:
    from chalicelib.usecases.property_review import Review, Reviewed


def review(look: Look, street: Street, me: Viewer, found: Review, now: datetime) -> str:
    """The sheet for the review meeting, on paper."""
    lang = look.lang
    title = t(lang, "property.review.title", quarter=quarter_name(lang, found.quarter))
    return render(
        "sheet_review.html",
        look,
        street,
        SHEET,
        f=frame(look, street, title),
        me=me,
        printed=dates.moment(lang, now, street.tz, ON_PAPER),
        back=f"{look.root}/desk/property",
        title=title,
        said=t(
            lang,
            "property.review.said",
            quarter=quarter_name(lang, found.quarter),
            before=quarter_name(lang, rules.before(found.quarter)),
        ),
        heads=heads_of(lang, "community", "received", "about", "handled", "late", "satisfied", "checks", "bad", "rating"),
        rows=[_row(one, lang) for one in found.lines],
        room=t(lang, "property.review.room"),
        signs=[t(lang, f"property.sign.{who}") for who in ("street", "committee", "company")],
    )


def _row(one: Reviewed, lang: str) -> tuple[str, ...]:
    def both(number: str, before: str) -> str:
        return t(lang, "property.against", now=number, before=before)

    def counted(pick: str) -> str:
        return both(str(getattr(one.now.all, pick)), str(getattr(one.before.all, pick)))

    def pleased(count: Count) -> str:
        return percent(count.rates["satisfaction"])

    return (
        one.community.name.text(lang),
        counted("valid"),
        both(str(one.about.all.valid), str(one.about_before.all.valid)),
        counted("handled"),
        counted("late"),
        both(pleased(one.now), pleased(one.before)),
        str(one.checks),
        str(one.bad),
        t(lang, "property.score", n=f"{one.rating:.1f}") if one.rating else t(lang, "property.none"),
    )
