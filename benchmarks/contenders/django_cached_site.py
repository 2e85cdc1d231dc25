"""Django with ``cached_db``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import django_site
from .caches import ENGINE, caches

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def make_site(url: str, size: str) -> WSGIApplication:
    """Make the site."""
    return django_site.make_site(url, size, SESSION_ENGINE=ENGINE, CACHES=caches("django"))
