"""Who may open what: everything is refused unless its view says who it is for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from flask import Flask, abort, current_app, g, redirect, request, session, url_for
from werkzeug.wrappers import Response

from survey_app.database.queries.allocation import is_released_to
from survey_app.database.queries.staff import half_done_by_hash, session_by_hash
from survey_app.database.queries.studies import study_by_slug
from survey_app.operations.staff import LONGEST_SESSION, session_hash
from survey_app.roles import Permission, permissions_of
from survey_app.web.assets import ENDPOINT as ASSETS
from survey_app.web.service import now, record

View = TypeVar("View", bound=Callable[..., Any])

LONGEST_IDLE = timedelta(minutes=30)
LONGEST_HALF_DONE = timedelta(minutes=10)
PUBLIC = "public"
VISITOR = "visitor"
SIGNED_IN = "signed in"
_ACCESS = "survey_access"
_HALF_DONE = "half_done_token"


def public(view: View) -> View:
    """Let anybody open this view."""
    return _marked(view, PUBLIC)


def visitors(view: View) -> View:
    """Let the holder of a participant's link open this view; the view checks which."""
    return _marked(view, VISITOR)


def signed_in(view: View) -> View:
    """Let every member of staff open this view."""
    return _marked(view, SIGNED_IN)


def requires(permission: Permission) -> Callable[[View], View]:
    """Let staff with this permission in the study of the address open this view."""

    def mark(view: View) -> View:
        return _marked(view, permission)

    return mark


def _marked(view: View, access: str) -> View:
    setattr(view, _ACCESS, access)
    return view


def access_of(app: Flask, endpoint: str) -> str | None:
    """Say who an endpoint is for; None when its view does not say, so that it is refused."""
    if endpoint == ASSETS:
        return PUBLIC
    return getattr(app.view_functions[endpoint], _ACCESS, None)


def register(app: Flask) -> None:
    """Check every request before its view sees it."""
    app.before_request(_guard)


def _guard() -> Response | None:
    g.staff, g.sign_in, g.study, g.permissions = None, None, None, frozenset()
    if request.endpoint is None:
        return None
    access = access_of(current_app, request.endpoint)
    if access is None:
        abort(403)
    if access == VISITOR:
        return None
    _recognise_staff()
    if access == PUBLIC:
        return None
    if g.staff is None:
        return redirect(
            url_for("account.sign_in", next=request.path if request.method == "GET" else None), 303
        )
    if access != SIGNED_IN:
        _enter_study(access)
    return None


def _recognise_staff() -> None:
    token = session.get("staff_token")
    if token is None:
        return
    opened = session_by_hash(record(), session_hash(token))
    seen_at = datetime.fromisoformat(session["seen_at"])
    if (
        opened is None
        or now() - opened.started_at > LONGEST_SESSION
        or now() - seen_at > LONGEST_IDLE
    ):
        session.clear()
        return
    session["seen_at"] = now().isoformat()
    g.staff, g.sign_in = opened.staff, opened


def half_done_sign_in() -> Any:
    """Give the sign-in of this browser that waits for its second factor; None where none does."""
    token = session.get(_HALF_DONE)
    if token is None:
        return None
    return half_done_by_hash(record(), session_hash(token), since=now() - LONGEST_HALF_DONE)


def remember_half_done(token: str) -> None:
    """Put a sign-in that waits for its second factor into the browser's cookie."""
    session.clear()
    session[_HALF_DONE] = token


def remember_sign_in(token: str) -> None:
    """Put a new sign-in into the browser's cookie, and nothing of an older one."""
    session.clear()
    session["staff_token"] = token
    session["seen_at"] = now().isoformat()


def _withheld(study: Any) -> frozenset[Permission]:
    """What a role would allow and the study does not yet: the arms, to whoever was not told."""
    if study.unmasked_at is not None or is_released_to(record(), study, staff_id=g.staff.id):
        return frozenset()
    return frozenset({"see_arms"})


def _enter_study(permission: str) -> None:
    slug = (request.view_args or {}).get("study", "")
    study = study_by_slug(record(), slug)
    roles = [r.role for r in g.staff.roles if study is not None and r.study_id == study.id]
    if study is None or not roles:
        # The same answer, so that nobody learns which studies there are.
        abort(404)
    g.study = study
    g.permissions = permissions_of(roles) - _withheld(study)
    if permission not in g.permissions:
        abort(403)
