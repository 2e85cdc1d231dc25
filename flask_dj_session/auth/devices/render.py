"""The forms and the templates of these pages."""

from __future__ import annotations

from typing import Any

from ...pages.environment import environment
from ...pages.forms import Forms

#: of the pages; the cookie goes to them alone
FORMS = Forms("flask_dj_session.auth.devices", cookie="devices_form", home=".sessions")

_templates = environment("flask_dj_session.auth.devices", FORMS)


def render(template: str, **values: Any) -> str:
    """Fill a template; whatever is in *values* is escaped."""
    return _templates.get_template(template).render(**values)
