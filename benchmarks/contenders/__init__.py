"""The contenders: each module makes the WSGI callable of one site, on a database and a size."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

#: each contender's name, its module and what it is called in print
CONTENDERS = {
    "bare": "bare Flask",
    "floor": "floor",
    "ours": "flask_dj_session",
    "merging": "merging",
    "django": "Django",
    "flask_session": "Flask-Session",
}

#: those that are measured only if asked for
OTHERS = {"app_floor": "floor in an app"}


def make_site(name: str, url: str, size: str) -> WSGIApplication:
    """Make the site of contender *name* on the database at *url*, which has Django's table."""
    module = importlib.import_module(f"{__name__}.{name}_site")
    site: WSGIApplication = module.make_site(url, size)
    return site
