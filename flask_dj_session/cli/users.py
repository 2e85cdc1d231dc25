"""``flask users``: the tables of users, and the first users, where no Django makes them.

It is there where an app has ``DjangoAuth``, and asks it for everything.
"""

from __future__ import annotations

from typing import Any, Protocol

import click
from flask import current_app
from flask.cli import AppGroup

from .command import SiteCommand
from .speech import say


class Auth(Protocol):
    """What the commands ask of an app's ``DjangoAuth``."""

    def get_by_natural_key(self, username: str) -> Any:
        """Return the user of a name, or None."""

    def create_user(
        self, username: str, email: str | None, password: str | None, **columns: Any
    ) -> Any:
        """Add a user."""

    def create_superuser(
        self, username: str, email: str | None, password: str | None, **columns: Any
    ) -> Any:
        """Add a user who may do everything."""

    def create_tables(self, *, record_migrations: bool) -> list[str]:
        """Make the tables that are missing."""


def _auth() -> Auth:
    auth: Auth = current_app.extensions["django_auth"]
    return auth


users = AppGroup("users", help="Make Django's users, and the tables that they are in.")


@users.command("create-tables", cls=SiteCommand)
@click.option(
    "--record-migrations",
    is_flag=True,
    help="Also tell Django in 'django_migrations', so that 'manage.py migrate' works afterwards.",
)
def create_tables(record_migrations: bool) -> None:
    """Make the tables of Django's users, groups and permissions. Those there are left alone."""
    made = _auth().create_tables(record_migrations=record_migrations)
    for name in made:
        say(f"Table '{name}' made.")
    if not made:
        say("All tables are there already.")
    if record_migrations:
        say("The migrations of 'auth' and 'contenttypes' are recorded.")


@users.command("create", cls=SiteCommand)
@click.option("--username", prompt=True, help="What the user logs in with.")
@click.option("--email", default="", help="The address, if any.")
@click.option("--superuser", is_flag=True, help="May do everything, and enter Django's admin.")
def create(username: str, email: str, superuser: bool) -> None:
    """Make a user. The password is asked for, twice, and not shown."""
    auth = _auth()
    if auth.get_by_natural_key(username) is not None:  # before a password is typed in vain
        raise click.ClickException("That username is taken.")
    password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    make = auth.create_superuser if superuser else auth.create_user
    make(username, email, password)
    say("Superuser created." if superuser else "User created.")
