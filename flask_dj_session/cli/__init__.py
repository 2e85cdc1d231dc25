"""The commands of ``flask``: their group, and nothing that they do."""

from __future__ import annotations

from flask import Flask
from flask.cli import AppGroup

from .check import check

sessions = AppGroup("sessions", help="Django's sessions in the database.")
sessions.add_command(check)


def register(app: Flask) -> None:
    """Add the commands to *app*."""
    app.cli.add_command(sessions)
