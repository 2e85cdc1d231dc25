"""``flask users``: the tables of users, and the first users, where no Django makes them."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from ..cli.command import SiteCommand
from ..cli.output import say
from .current import current_accounts

users = AppGroup("users", help="Create Django's users and their tables.")


@users.command("create-tables", cls=SiteCommand)
@click.option(
    "--record-migrations",
    is_flag=True,
    help="Also record the migrations in 'django_migrations', so that 'manage.py migrate' works"
    " afterwards.",
)
def create_tables(record_migrations: bool) -> None:
    """Create the tables of Django's users, groups and permissions, unless they exist."""
    made = current_accounts().create_tables(record_migrations=record_migrations)
    for name in made:
        say(f"Table '{name}' created.")
    if not made:
        say("All tables exist already.")
    if record_migrations:
        say("The migrations of 'auth' and 'contenttypes' are recorded.")


@users.command("create", cls=SiteCommand)
@click.option("--username", prompt=True, help="What the user logs in with.")
@click.option("--email", default="", help="The address, if any.")
@click.option("--superuser", is_flag=True, help="May do everything, and enter Django's admin.")
def create(username: str, email: str, superuser: bool) -> None:
    """Create a user. The command asks for the password twice and does not show it."""
    accounts = current_accounts()
    if accounts.users.by_username(username) is not None:  # before a password is typed in vain
        raise click.ClickException("That username is taken.")
    password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    make = accounts.create_superuser if superuser else accounts.create_user
    make(username, email, password)
    say("Superuser created." if superuser else "User created.")
