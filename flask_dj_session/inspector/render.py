"""Pages from the inspector's own templates; the environment is that of ``pages``."""

from __future__ import annotations

from typing import Any

from ..pages.environment import environment
from .csrf import FORMS


def _lasting(seconds: float) -> str:
    """Write a number of seconds as ``13 days 23:59:42``, like the countdown in the browser."""
    days, rest = divmod(max(0, int(seconds)), 86400)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days:,} day{'' if days == 1 else 's'} {clock}" if days else clock


_templates = environment("flask_dj_session.inspector", FORMS)
_templates.filters["lasting"] = _lasting


def render(template: str, **values: Any) -> str:
    """Fill a template; whatever is in *values* is escaped."""
    return _templates.get_template(template).render(**values)
