"""The headers every response leaves with."""

from __future__ import annotations

from flask import Flask, Response, g, request

# Nearly all pages carry no script at all, so nothing that slips into one can run.
PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self' data:",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)

# A page of questions runs our one script from our own address, which posts to us alone.
SCRIPTED_PAGE_POLICY = "; ".join((PAGE_POLICY, "script-src 'self'", "connect-src 'self'"))

# A report is one file that stands alone, its style and figures inside it.
REPORT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)

_ALWAYS = (
    # Not no-referrer: Chromium would then send "Origin: null", and every post be refused. Only the
    # host is sent, so the secret in an invitation's address never leaves.
    ("Referrer-Policy", "strict-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)
_TWO_YEARS = "max-age=63072000; includeSubDomains"


def use_policy(policy: str) -> None:
    """Let the response to this request carry another content security policy."""
    g.content_security_policy = policy


def register(app: Flask) -> None:
    """Put the headers on every response of the app."""
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers["Content-Security-Policy"] = g.get("content_security_policy", PAGE_POLICY)
    headers.extend(_ALWAYS)
    # Only a static file says of itself that it may be kept; a page may hold someone's answers.
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"
    if request.is_secure:
        headers["Strict-Transport-Security"] = _TWO_YEARS
    return response
