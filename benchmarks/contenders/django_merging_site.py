"""Django with the engine of this package, where two requests of one visitor lose nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pymysql

from . import django_site

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def make_site(url: str, size: str) -> WSGIApplication:
    """Make the site, with a counter whose visits add up."""
    pymysql.install_as_MySQLdb()
    return django_site.make_site(
        url,
        size,
        SESSION_ENGINE="flask_dj_session.django_engine",
        SESSION_MERGERS={"n": "flask_dj_session.merging.add"},
    )
