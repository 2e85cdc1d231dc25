"""What all commands share: the site that they work on, and plain errors in place of tracebacks."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
import sqlalchemy as sa
from flask import current_app
from flask.cli import with_appcontext

from ..errors import (
    CacheDownError,
    CacheListError,
    DatabaseHeldError,
    DecodeError,
    MissingTableError,
    NoTableError,
)
from ..presentation.formatting import printable
from ..site import Site, site_of
from ..wire import SessionCodec
from .output import say

#: what a person is told, rather than a developer
_PLAIN = (
    CacheDownError,
    CacheListError,
    DatabaseHeldError,
    DecodeError,
    MissingTableError,
    NoTableError,
    ValueError,
)


class SiteCommand(click.Command):
    """A command in the app's context, whose errors are one line and exit code 1.

    Ctrl-C ends it with a line, too, and the exit code of a process that SIGINT ended.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        return ctx.invoke(with_appcontext(self._run_plainly), ctx)

    def _run_plainly(self, ctx: click.Context) -> Any:
        try:
            with plain_errors():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            raise stopped() from None


def stopped(said: str = "") -> click.exceptions.Exit:
    """Say that Ctrl-C stopped the command, and what it has done; return what ends it."""
    say(f"Stopped. {said}".rstrip(), err=True)
    return click.exceptions.Exit(128 + signal.SIGINT)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn errors of the database and of what stands in it into click's."""
    try:
        yield
    except _PLAIN as error:
        raise click.ClickException(printable(error)) from error
    except sa.exc.SQLAlchemyError as error:
        raise click.ClickException(printable(message_of(error))) from error


def message_of(error: Exception) -> str:
    """Say what the database said, in a line, and without the passwords of the app's URLs."""
    said = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    message = next(iter(str(said).splitlines()), "") or type(said).__name__
    # SQLite goes on with a text that is not UTF-8: a row's data, or its key.
    message = message.partition(" with text ")[0]
    for engine in current_app.extensions["sqlalchemy"].engines.values():
        if engine.url.password:
            message = message.replace(str(engine.url.password), "***")
    return message


def site() -> Site:
    """Return what keeps the sessions of the current app."""
    try:
        return site_of(current_app)
    except RuntimeError as error:
        raise click.ClickException(str(error)) from error


def user_id_of(given: str) -> str:
    """Return the id of the user that an option names by the id, or else by the name.

    Without ``DjangoAuth`` only ids are known. What is neither is said on stderr, and taken for
    the id of a user who is gone; so it is where the users cannot be asked.
    """
    names = site().user_names
    if names is None:
        return given
    try:
        user_id = names.stored_id(given)
    except (sa.exc.SQLAlchemyError, RuntimeError) as error:
        said = f"The users cannot be asked, so '{printable(given)}' is taken for an id."
        say(f"{said} {printable(message_of(error))}", err=True)
        return given
    if user_id is None:
        say(f"No user has the id or the name '{printable(given)}'.", err=True)
        return given
    return user_id


def codec() -> SessionCodec:
    """Return the codec of the current app's sessions."""
    return site().session_codec()
