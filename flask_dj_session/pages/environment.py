"""Templates that are this package's own.

They have an environment of their own. The app's could be set to escape nothing, could have a
template of the same name, and runs the app's context processors, which may touch the session.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from flask import current_app, request, url_for
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from ..presentation.formatting import counted, iso, printable, shortened, text_of
from .forms import FIELD, Forms

#: how many characters of a value are shown in a line
_SHORT = 80


def environment(package: str, forms: Forms) -> Environment:
    """Return what fills the templates of *package*, whose pages have these *forms*."""
    loaders = [PackageLoader(package), PackageLoader("flask_dj_session.pages")]
    made = Environment(
        loader=ChoiceLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(url_for=url_for, app_links=links, form_token=forms.token, form_field=FIELD)
    made.filters.update(
        counted=counted, day=_day, iso=iso, minute=_minute, shortened=shortened, shown=_short
    )
    return made


def links() -> list[tuple[str, str]]:
    """Return the names and addresses of the app's own pages that the running page leads to."""
    blueprint: Any = current_app.blueprints[request.blueprint or ""]
    return [(name, url_for(endpoint)) for name, endpoint in blueprint.links.items()]


def _short(text: object, length: int = _SHORT) -> str:
    """Write a value of the database in a line."""
    shown = printable(text_of(text)[: length + 1])
    return shown if len(shown) <= length else shown[:length] + "…"


def _day(moment: datetime) -> str:
    """Write the day (UTC) of a date (aware)."""
    return moment.astimezone(timezone.utc).date().isoformat()


def _minute(moment: datetime) -> str:
    """Write the time of day (UTC) of a date (aware)."""
    return f"{moment.astimezone(timezone.utc):%H:%M}"
