"""``flask sessions describe``: what the Django site is, as a file without its secrets."""

from __future__ import annotations

import os
import sys

import click
from flask import current_app

from ..settings import TIME_LIMIT, description_in, site_description
from .command import SiteCommand
from .output import say_all


@click.command("describe", cls=SiteCommand)
@click.option(
    "--settings",
    "module",
    metavar="MODULE",
    help="The site's settings, as mysite.settings (default: DJANGO_SETTINGS_MODULE).",
)
@click.option(
    "--python",
    metavar="FILE",
    help="The site's Python (default: DJANGO_PYTHON, or the one that runs this).",
)
@click.option(
    "--path",
    metavar="FOLDER",
    help="The folder that holds manage.py (default: DJANGO_PATH, or the current one).",
)
@click.option(
    "--timeout", default=TIME_LIMIT, show_default=True, help="Seconds that the site may take."
)
def describe(module: str | None, python: str | None, path: str | None, timeout: float) -> None:
    """Print what the Django site says of itself, for an app on another machine.

    Keys and passwords are left out. Without options, it is the site that the app's settings come
    from.
    """
    told = description_in(current_app.config)
    if told is None or module or python or path:
        python = python or os.environ.get("DJANGO_PYTHON") or sys.executable
        told = site_description(module, python=python, path=path, timeout=timeout)
    say_all(told.without_secrets().facts)
