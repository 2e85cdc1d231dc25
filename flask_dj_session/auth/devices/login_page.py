"""The way to the login page, and back to the sessions: forms have no address to come back to."""

from __future__ import annotations

from typing import Any

from flask import current_app, request, url_for

from ...settings.readings import is_set
from ..current import current_accounts
from ..redirects import REDIRECT_FIELD_NAME, resolve_url, with_next


def login_page() -> str | None:
    """Return where to log in; None where that is nowhere."""
    pages: Any = current_app.blueprints[request.blueprint or ""]
    given = is_set(pages.login_url)
    login_url = pages.login_url if given else current_accounts().settings.login_url
    if not is_set(login_url):
        return None
    return with_next(resolve_url(login_url), url_for(".sessions"), REDIRECT_FIELD_NAME)
