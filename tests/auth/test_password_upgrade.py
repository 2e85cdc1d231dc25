"""Passwords at login: encoded anew as the site wants it, and never told from names by time."""

from __future__ import annotations

import pytest
from django import VERSION
from django.contrib.auth.hashers import (
    MD5PasswordHasher,
    PBKDF2PasswordHasher,
    make_password,
    verify_password,
)
from django.contrib.auth.models import User

from flask_dj_session.auth.passwords import ITERATIONS, PasswordHashers

from ..live_django import LiveDjango
from .conftest import AGAIN, PASSWORD, AuthSite, MakeAuth, Visitor, make_user, quick_hashers
from .quick import QUICK, TWICE

SHA1 = "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher"
SHA256 = "django.contrib.auth.hashers.PBKDF2PasswordHasher"


def _stored() -> str:
    password: str = User.objects.get().password
    return password


@pytest.fixture
def older(make_auth: MakeAuth) -> AuthSite:
    """Return an app that finds the stored passwords out of date: it wants two iterations."""
    return make_auth(hashers=PasswordHashers(iterations=2))


def test_a_login_encodes_an_outdated_password_anew(older: AuthSite, live: LiveDjango) -> None:
    make_user()
    assert _stored().startswith("pbkdf2_sha256$1$")
    visitor = Visitor(older.app, live)
    assert visitor.on_flask("in", name="ann", password="wrong") == "refused"
    assert _stored().startswith("pbkdf2_sha256$1$")
    assert visitor.on_flask("in", name="ann", password=PASSWORD) == "ann"
    assert _stored().startswith("pbkdf2_sha256$2$")
    assert visitor.on_django("who") == "ann"  # the session has the hash of the new one


def test_another_algorithm_is_replaced_by_the_preferred_one(
    make_auth: MakeAuth, live: LiveDjango
) -> None:
    flask = make_auth(hashers=PasswordHashers([SHA1, SHA256], iterations=1))
    make_user()
    Visitor(flask.app, live).on_flask("in", name="ann", password=PASSWORD)
    assert _stored().startswith("pbkdf2_sha1$1$")


@pytest.mark.parametrize(("algorithm", "length"), [("sha256", 22), ("sha1", 12)])
def test_short_salts_of_the_old_era_stay_where_django_makes_no_others(
    make_auth: MakeAuth, live: LiveDjango, algorithm: str, length: int
) -> None:
    flask = make_auth(
        hashers=None,
        password_hashers=["django.contrib.auth.hashers.MD5PasswordHasher"],
        config={"DEFAULT_HASHING_ALGORITHM": algorithm},
    )
    user = make_user()
    user.password = make_password(PASSWORD, salt="s" * 12, hasher=MD5PasswordHasher())
    user.save()
    Visitor(flask.app, live).on_flask("in", name="ann", password=PASSWORD)
    assert len(_stored().split("$")[1]) == length


def test_with_djangos_own_number_nothing_is_stored_anew(flask: AuthSite, visitor: Visitor) -> None:
    before = _stored()
    for side in ("Flask", "Django"):
        visitor.visit(side, "in", name="ann", password=PASSWORD)
        assert _stored() == before


def test_a_password_changed_meanwhile_stays_changed(older: AuthSite, live: LiveDjango) -> None:
    make_user()
    with older.app.app_context():
        user = older.auth.get_by_natural_key("ann")
        older.auth.set_password(older.auth.get_by_natural_key("ann"), AGAIN)
        changed = _stored()
        assert user.check_password(PASSWORD)  # as it was when the user was read
        assert _stored() == changed


@pytest.mark.parametrize(
    ("name", "password"),
    [("ann", "wrong"), ("nobody", "wrong"), ("locked", "wrong"), ("left", PASSWORD), ("\0", "x")],
)
def test_every_refusal_takes_the_time_of_one_encoding(
    make_auth: MakeAuth, live: LiveDjango, iterations: list[int], name: str, password: str
) -> None:
    flask = make_auth(hashers=PasswordHashers(iterations=1))
    make_user()
    make_user("left", is_active=False)
    User.objects.create_user("locked")  # without a usable password
    iterations.clear()
    with flask.app.app_context():
        assert flask.auth.authenticate(name, password) is None
    assert iterations == [1]


@pytest.mark.slow
def test_the_number_of_iterations_is_that_of_the_django_installed_here(
    make_auth: MakeAuth, live: LiveDjango
) -> None:
    flask = make_auth(hashers=None, password_hashers=[SHA256])
    with flask.app.app_context():
        encoded = flask.auth.accounts.hashers.make(PASSWORD)
    iterations = ITERATIONS[".".join(map(str, VERSION[:2]))]
    assert encoded.startswith(f"pbkdf2_sha256${iterations}$")


@pytest.fixture
def no_django(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Django seem not to be installed."""
    monkeypatch.setattr("flask_dj_session.settings.origin.installed", lambda _: None)


@pytest.mark.usefixtures("no_django")
@pytest.mark.parametrize(("algorithm", "like"), [("sha256", "5.2"), ("sha1", "3.1")])
def test_without_a_django_the_number_is_that_of_its_era(
    make_auth: MakeAuth, live: LiveDjango, iterations: list[int], algorithm: str, like: str
) -> None:
    config = {"DEFAULT_HASHING_ALGORITHM": algorithm}
    flask = make_auth(hashers=None, password_hashers=[SHA256], config=config)
    with flask.app.app_context():
        flask.auth.accounts.hashers.make(PASSWORD)
    assert iterations == [ITERATIONS[like]]


def test_a_hasher_of_the_projects_own_is_used_as_its_setting_names_it(
    make_auth: MakeAuth, live: LiveDjango
) -> None:
    flask = make_auth(hashers=None, password_hashers=[QUICK])
    make_user()
    before = _stored()
    visitor = Visitor(flask.app, live)
    assert visitor.on_flask("in", name="ann", password=PASSWORD) == "ann"
    assert _stored() == before
    assert visitor.on_django("who") == "ann"


@pytest.mark.parametrize("hashers", [[QUICK, TWICE], [TWICE, QUICK], [SHA1, TWICE, QUICK]])
@pytest.mark.parametrize("iterations", [1, 2, 3])
def test_of_hashers_of_one_name_the_first_decides_as_in_django(
    make_auth: MakeAuth, live: LiveDjango, hashers: list[str], iterations: int
) -> None:
    flask = make_auth(hashers=None, password_hashers=hashers)
    theirs = PBKDF2PasswordHasher()
    encoded = theirs.encode(PASSWORD, theirs.salt(), iterations)
    with live.settings(PASSWORD_HASHERS=hashers), flask.app.app_context():
        ours = flask.auth.accounts.hashers
        for password in (PASSWORD, "wrong"):
            assert ours.verify(password, encoded) == verify_password(password, encoded)
    if SHA1 not in hashers:
        assert ours.make(PASSWORD).split("$")[1] == ("1" if hashers[0] == QUICK else "2")


def test_a_user_may_have_no_usable_password(flask: AuthSite) -> None:
    with flask.app.app_context():
        user = flask.auth.create_user("ann")
        assert not user.has_usable_password()
        assert not user.check_password("")
        flask.auth.set_password(user, PASSWORD)
        assert flask.auth.get_user(user.pk).has_usable_password()
    assert quick_hashers().verify(PASSWORD, user.password).correct
