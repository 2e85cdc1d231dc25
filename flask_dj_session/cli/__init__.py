"""``flask sessions`` and ``flask clearsessions``; one module to a command."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import AppGroup

from .check import check
from .clear import clearsessions
from .create import create_table
from .decode import decode
from .describe import describe
from .index import index
from .listing import list_sessions
from .revoke import revoke
from .show import show

__all__ = ["COMMANDS", "clearsessions", "register", "sessions"]

COMMANDS: list[click.Command] = [
    check,
    create_table,
    decode,
    describe,
    index,
    list_sessions,
    revoke,
    show,
]

sessions = AppGroup("sessions", help="Look at Django's sessions in the database, and end them.")
for command in COMMANDS:
    sessions.add_command(command)


def register(app: Flask) -> None:
    """Give *app* the commands."""
    app.cli.add_command(clearsessions)
    app.cli.add_command(sessions)
