"""The papers of a case: which there are, and who may print them (whoever may read the case)."""

from __future__ import annotations

from chalicelib.casework.access import Actor
from chalicelib.errors import Unknown
from chalicelib.usecases import sheets
from chalicelib.usecases.context import Context
from chalicelib.usecases.work import Opened
from chalicelib.web import pages
from chalicelib.web.look import Look
from chalicelib.web.views import Viewer


def page(ctx: Context, look: Look, actor: Actor, me: Viewer, opened: Opened, name: str) -> str:
    """Raises `Unknown("page")` for a paper that there is not, or that this case has not come to."""
    case, events = opened.case, opened.events
    document, way = name, ""
    if name == "exit":
        way = next((str(event.data["exit"]) for event in reversed(events) if event.type == "referred"), "")
        document = ctx.street.exit_by_id[way].document if way in ctx.street.exit_by_id else ""
    elif name not in pages.PAPERS or (name == "task_sheet" and not case.partners):
        document = ""
    if not document:
        raise Unknown("page")
    others = sheets.listed_with(ctx, actor, case, way) if document == "visit_day" else []
    names = {event.by: str(event.data["who"]) for event in events if "who" in event.data}
    return pages.sheet(
        look,
        ctx.street,
        me,
        document,
        case,
        events,
        ctx.clock.civil(),
        place=ctx.place_of(case),
        names=names,
        also=[(one.case, one.events, ctx.place_of(one.case)) for one in others],
    )
