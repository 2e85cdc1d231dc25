"""Flask with this package, and with a cache before the table."""

from __future__ import annotations

from flask import Flask

from .caches import ENGINE, caches
from .ours_site import make_sessions


def make_site(url: str, size: str) -> Flask:
    """Make the site."""
    return make_sessions(url, size, SESSION_ENGINE=ENGINE, CACHES=caches("ours"))[0]
