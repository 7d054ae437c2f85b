"""How a route is declared: public, or for roles. There is no third way, so nothing is open by accident.

Every route goes through `route`, which resolves language and session, checks role, CSRF token and Origin, runs the view, and
turns whatever it raises into a page or a problem object (Chalice would answer 500 before any middleware saw it). `ROUTES` lists
what was declared; a test compares it with the reviewed list.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from chalice.app import Blueprint, Request, Response

from chalicelib import wiring
from chalicelib.casework.access import ROLES, split_grant
from chalicelib.errors import DoorstepError, Forbidden, Unauthenticated
from chalicelib.handlers.http import FORM, SECURITY, YEAR_S, Asked, asked, cookie, data, page, see

if TYPE_CHECKING:
    from chalicelib.casework.case import Case
    from chalicelib.usecases.context import Context
    from chalicelib.web.views import PhotoView

log = logging.getLogger("doorstep")

PUBLIC: frozenset[str] = frozenset()
STAFF = ROLES
# Not for this person, and too often: what the log keeps beside the access log's line.
_TOLD = frozenset({403, 429})
View = Callable[..., Response]


@dataclass(frozen=True)
class Declared:
    """`roles` empty means public. `answers` is `page`, `json`, or `open311`: how errors are said. `module` has the view."""

    path: str
    method: str
    roles: frozenset[str]
    answers: str
    module: str


ROUTES: dict[tuple[str, str], Declared] = {}


def route(
    bp: Blueprint, path: str, *, method: str = "GET", roles: frozenset[str] = PUBLIC, answers: str = "page", takes: str = FORM
) -> Callable[[View], View]:
    """Registers `view(asked, **path parameters)`. Staff routes that change something must carry the session's CSRF token."""

    def register(view: View) -> View:
        declared = Declared(path, method, roles, answers, view.__module__)
        if (path, method) in ROUTES and ROUTES[path, method] != declared:
            raise ValueError(f"{method} {path} is declared twice")
        ROUTES[path, method] = declared

        def run(**params: str) -> Response:
            return answer(declared, view, bp.current_request, params)

        name = f"{declared.module.rsplit('.', 1)[-1]}_{view.__name__}"
        bp.route(path, methods=[method], content_types=[takes] if method == "POST" else ["*/*"], name=name)(run)
        return view

    return register


def answer(declared: Declared, view: View, request: Request, params: dict[str, str]) -> Response:
    house = wiring.house()
    it = asked(request, house.context.street.languages, house.settings.base_url)
    try:
        if declared.roles:
            it = _signed_in(it)
            _check_leave(it, declared)
        response = view(it, **params)
    except Unauthenticated as error:
        if declared.answers == "page" and declared.method == "GET" and declared.roles:
            return see("/desk/signin?again=1" if _in_vain(it) else "/desk/signin", it.look)
        response = failure(it, declared.answers, error, words=_written(it) if declared.answers == "page" else "")
    except DoorstepError as error:
        if error.status in _TOLD:
            _tell(it, declared, error)
        response = failure(it, declared.answers, error)
    except Exception:
        # The last line of defence: the person gets a reference, the log gets the same one and the place, nobody's words.
        ref = secrets.token_hex(4)
        log.exception("unexpected ref=%s route=%s %s", ref, declared.method, declared.path)
        response = failure(it, declared.answers, DoorstepError("unexpected"), ref)
    if declared.path.startswith("/desk") and "{token}" not in declared.path:
        # Under `no-referrer` a browser sends `Origin: null` with its own form, and the Origin check would refuse our own pages.
        # The desk's addresses hold no secret, so there the policy may be the milder one.
        response.headers["Referrer-Policy"] = "same-origin"
    return _remember(it, response, secure=house.settings.cookie.startswith("__Host-"))


def _in_vain(it: Asked) -> bool:
    """Whether they have signed in and come without the cookie: it has ended, or their browser keeps none. The form would only
    come again, without a word.
    """
    came = it.headers.get("referer", "").partition("?")[0]
    return came == f"{it.origin}{it.look.root}/desk/signin" and wiring.house().settings.cookie not in it.cookies


def _tell(it: Asked, declared: Declared, error: DoorstepError) -> None:
    """Refusals that may be somebody trying doors stand in the log, without anything that was sent."""
    from chalicelib.usecases import securitylog

    who = it.session.actor.staff_id if it.session is not None else ""
    securitylog.note(
        wiring.context(), "refused", it.address, who=who, reason=error.reason, route=f"{declared.method} {declared.path}"
    )


def _remember(it: Asked, response: Response, *, secure: bool) -> Response:
    """A choice of language or large print is kept in a cookie for a year."""
    if it.prefers:
        chosen = {"lang": it.look.lang, "large": "1" if it.look.large else "0"}
        host = "__Host-" if secure else ""
        made = [cookie(host + name, chosen[name], seconds=YEAR_S, secure=secure) for name in it.prefers]
        standing = response.headers.get("Set-Cookie", [])
        response.headers["Set-Cookie"] = [*([standing] if isinstance(standing, str) else standing), *made]
    return response


def _signed_in(it: Asked) -> Asked:
    from chalicelib.usecases import signin

    house = wiring.house()
    session_id = it.cookies.get(house.settings.cookie, "")
    return replace(it, session=signin.session(house.context, session_id), session_id=session_id)


def _check_leave(it: Asked, declared: Declared) -> None:
    """Whether who is signed in may ask for this, and whether they did so on a page of ours."""
    if not any(split_grant(grant)[0] in declared.roles for grant in it.staff.actor.grants):
        raise Forbidden("role")
    if declared.method != "GET":
        check_origin(it)
        token = it.form().get("csrf", "") if declared.answers == "page" else it.headers.get("x-csrf", "")
        if not hmac.compare_digest(token.encode(), it.staff.csrf.encode()):
            raise Forbidden("csrf")


def check_origin(it: Asked) -> None:
    """A desk form comes from our own pages. Browsers that send no Origin at all are held by the cookie's SameSite and the
    token.
    """
    origin = it.headers.get("origin")
    if origin is not None and origin != it.origin:
        raise Forbidden("origin")


def problem(it: Asked, error: DoorstepError, ref: str) -> dict[str, Any]:
    """The RFC 9457 object; words in the reader's language."""
    from chalicelib.web import pages

    return pages.problem(it.look.lang, error, ref)


def failure(it: Asked, answers: str, error: DoorstepError, ref: str = "", words: str = "") -> Response:
    if answers == "json":
        return data(problem(it, error, ref), error.status)
    if answers == "open311":
        return _georeport(it, error, ref)
    from chalicelib.web import pages

    street = wiring.context().street
    return html(pages.error(it.look, street, error, ref, words), status=error.status)


def _written(it: Asked) -> str:
    """What was written on a page of ours whose session has ended meanwhile: nobody should have to write it twice."""
    try:
        fields = it.form() if it.headers.get("origin") == it.origin else {}
    except DoorstepError:
        return ""
    from chalicelib.web.present_common import written

    return written(fields)


def _georeport(it: Asked, error: DoorstepError, ref: str) -> Response:
    """In the format that the address asked for; XML, which every client can read, where it asked for none."""
    from chalicelib.web import open311_text

    fmt = "json" if it.look.path.split("?")[0].endswith(".json") else "xml"
    return Response(
        body=open311_text.written(fmt, "errors", open311_text.errors(it.look.lang, error, ref)),
        status_code=open311_text.status_of(error),
        headers={"Content-Type": open311_text.TYPES[fmt], **SECURITY, **open311_text.ANYWHERE},
    )


def photo_views(ctx: Context, case: Case, arrived: int | None = None) -> list[PhotoView]:
    from chalicelib.usecases import pictures
    from chalicelib.web.views import PhotoView

    return [PhotoView(**asdict(photo)) for photo in pictures.shown(ctx, case, arrived)]


def html(text: str, status: int = 200, headers: dict[str, Any] | None = None) -> Response:
    """A page of ours under its policy."""
    from chalicelib.web import csp as policy

    house = wiring.house()
    return page(text, policy.csp(text, house.context.photos.origin()), status, headers)
