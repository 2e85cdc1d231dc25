"""``flask users``: the tables of a login, and the first users."""

from __future__ import annotations

import pytest
from click.testing import Result

from ..conftest import Site
from .conftest import PASSWORD, AuthSite, MakeAuth


def _run(flask: AuthSite, *args: str, typed: str = "") -> Result:
    return flask.app.test_cli_runner().invoke(args=["users", *args], input=typed)


TYPED = f"{PASSWORD}\n{PASSWORD}\n"


@pytest.fixture
def empty(make_auth: MakeAuth) -> AuthSite:
    """Return an app without the tables."""
    return make_auth(tables=False)


@pytest.fixture
def flask(make_auth: MakeAuth) -> AuthSite:
    """Return an app with them."""
    return make_auth()


def test_the_tables_are_made_once(empty: AuthSite) -> None:
    result = _run(empty, "create-tables", "--record-migrations")
    assert result.output.splitlines() == [
        "Table 'django_content_type' created.",
        "Table 'auth_permission' created.",
        "Table 'auth_group' created.",
        "Table 'auth_user' created.",
        "Table 'auth_group_permissions' created.",
        "Table 'auth_user_groups' created.",
        "Table 'auth_user_user_permissions' created.",
        "The migrations of 'auth' and 'contenttypes' are recorded.",
    ]
    assert _run(empty, "create-tables").output == "All tables exist already.\n"


def test_a_user_is_made_and_the_password_is_not_shown(flask: AuthSite) -> None:
    result = _run(flask, "create", "--username", "ann", "--email", "A@B.ORG", typed=TYPED)
    assert result.exit_code == 0
    assert PASSWORD not in result.output
    assert result.output.endswith("User created.\n")
    with flask.app.app_context():
        user = flask.auth.authenticate("ann", PASSWORD)
        assert (user.email, user.is_superuser, user.is_staff) == ("A@b.org", False, False)


def test_a_superuser_may_do_everything(flask: AuthSite) -> None:
    result = _run(flask, "create", "--superuser", typed=f"boss\n{TYPED}")
    assert result.output.endswith("Superuser created.\n")
    with flask.app.app_context():
        user = flask.auth.authenticate("boss", PASSWORD)
        assert user.is_superuser
        assert user.is_staff
        assert user.has_perm("anything.at_all")


def test_a_name_that_is_taken_is_refused_before_a_password_is_typed(flask: AuthSite) -> None:
    _run(flask, "create", "--username", "ann", typed=TYPED)
    result = _run(flask, "create", "--username", "ann", typed=TYPED)
    assert (result.exit_code, result.output) == (1, "Error: That username is taken.\n")


def test_an_empty_name_is_refused(flask: AuthSite) -> None:
    result = _run(flask, "create", "--username", "", typed=TYPED)
    assert result.exit_code == 1
    assert "Error: 'username' is empty." in result.output


def test_passwords_that_differ_are_asked_for_again(flask: AuthSite) -> None:
    result = _run(flask, "create", "--username", "ann", typed=f"one\ntwo\n{TYPED}")
    assert "do not match" in result.output
    assert result.exit_code == 0


def test_without_the_tables_it_says_how_to_make_them(empty: AuthSite) -> None:
    result = _run(empty, "create", "--username", "ann", typed=TYPED)
    assert result.exit_code == 1
    assert result.output.startswith("Error: Table 'auth_user' is not in the database.")
    assert "flask users create-tables" in result.output


def test_an_app_without_the_login_has_no_such_command(site: Site) -> None:
    assert "users" not in site.app.cli.list_commands(None)  # type: ignore[arg-type]
