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
from . import csrf
from .current import links

#: how many characters of a value are shown in a line
_SHORT = 80


def _short(text: object, length: int = _SHORT) -> str:
    """Write a value of the database in a line."""
    shown = printable(text_of(text)[: length + 1])
    return shown if len(shown) <= length else shown[:length] + "…"


def _lasting(seconds: float) -> str:
    """Write a number of seconds as ``13 days 23:59:42``, like the countdown in the browser."""
    days, rest = divmod(max(0, int(seconds)), 86400)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days:,} day{'' if days == 1 else 's'} {clock}" if days else clock


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
    url_for=url_for, app_links=links, form_token=csrf.token, form_field=csrf.FIELD
)
_templates.filters.update(
    counted=counted,
    day=_day,
    iso=iso,
    lasting=_lasting,
    minute=_minute,
    shortened=shortened,
    shown=_short,
)


def render(template: str, **values: Any) -> str:
    """Fill a template; whatever is in *values* is escaped."""
    return _templates.get_template(template).render(**values)
