"""Flask with this package, where two requests of one visitor lose nothing."""

from __future__ import annotations

from flask import Flask

from flask_dj_session.merging import add

from .ours_site import make_sessions


def make_site(url: str, size: str) -> Flask:
    """Make the site, with a counter whose visits add up."""
    return make_sessions(url, size, {"n": add}, SESSION_CONCURRENCY="merge")[0]
