"""Pages from the inspector's own templates.

They have an environment of their own. The app's could be set to escape nothing, could have a
template of the same name, and runs the app's context processors, which may touch the session.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from flask import url_for
from jinja2 import Environment, PackageLoader, StrictUndefined

from ..presentation.formatting import counted, iso, printable, shortened, text_of
from . import forgery
from .current import links
from .lasting import lasting

#: how many characters of a value are shown in a line
_SHORT = 80


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


_templates = Environment(
    loader=PackageLoader("flask_dj_session.inspector"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals.update(
    url_for=url_for, app_links=links, form_token=forgery.token, form_field=forgery.FIELD
)
_templates.filters.update(
    counted=counted,
    day=_day,
    iso=iso,
    lasting=lasting,
    minute=_minute,
    shortened=shortened,
    shown=_short,
)


def render(template: str, **values: Any) -> str:
    """Fill a template; whatever is in *values* is escaped."""
    return _templates.get_template(template).render(**values)
