"""The hash in the session: Django's own, of each era."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils.crypto import salted_hmac as djangos_salted_hmac

from flask_dj_session.auth import DjangoUser, salted_hmac
from flask_dj_session.auth.hashes import Match, equal, match, session_auth_hash
from flask_dj_session.auth.verification import verify
from flask_dj_session.wire.codec import Algorithm

from ..live_django import SECRET_KEY, LiveDjango
from .conftest import PASSWORD, AuthSite, MakeAuth, Visitor, make_user

STORED = "pbkdf2_sha256$1$salt$žluťoučký"
ALGORITHMS: list[Algorithm] = ["sha256", "sha1"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("key", [SECRET_KEY, "ŝ€", b"bytes \xff"])
def test_it_is_what_django_computes(key: str | bytes, algorithm: Algorithm) -> None:
    salt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
    theirs = djangos_salted_hmac(salt, STORED, secret=key, algorithm=algorithm).hexdigest()
    assert session_auth_hash(STORED, key, algorithm) == theirs


def test_django_still_calls_it_so() -> None:
    user = User(password=STORED)
    assert session_auth_hash(STORED, SECRET_KEY, "sha256") == user.get_session_auth_hash()


def _hash(key: str, algorithm: Algorithm = "sha256") -> str:
    return session_auth_hash(STORED, key, algorithm)


@pytest.mark.parametrize("password", [None, 7, "", b"bytes \xff"])
def test_whatever_stands_for_a_password_is_hashed_as_in_django(password: Any) -> None:
    expected = User(password=password).get_session_auth_hash()
    assert session_auth_hash(password, SECRET_KEY, "sha256") == expected


@pytest.mark.parametrize("algorithm", [None, "sha256"])
@pytest.mark.parametrize("secret", [None, "another", b"bytes \xff"])
def test_a_projects_own_hash_can_be_written_as_in_django(
    flask: AuthSite, secret: Any, algorithm: str | None
) -> None:
    how = {"algorithm": algorithm} if algorithm else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of no algorithm, since Django 6.1
        theirs = djangos_salted_hmac("shop.Guest", STORED, secret, **how).hexdigest()
    with flask.app.app_context():
        assert salted_hmac("shop.Guest", STORED, secret, **how).hexdigest() == theirs


@pytest.mark.parametrize(
    ("found", "algorithm", "expected"),
    [
        (_hash("new"), "sha256", Match.CURRENT),
        (_hash("new", "sha1"), "sha256", Match.CURRENT),  # 3.1 and 3.2 take it
        (_hash("new", "sha1"), "sha1", Match.CURRENT),
        (_hash("new"), "sha1", Match.NONE),  # so do 2.2, and 3.1 with that setting
        (_hash("old"), "sha256", Match.FALLBACK),
        (_hash("older"), "sha256", Match.FALLBACK),
        (_hash("old", "sha1"), "sha1", Match.FALLBACK),
        (_hash("old", "sha1"), "sha256", Match.NONE),
        (_hash("stranger's"), "sha256", Match.NONE),
        (_hash("new").upper(), "sha256", Match.NONE),
        (_hash("new")[:-1], "sha256", Match.NONE),
        ("", "sha256", Match.NONE),
        (None, "sha256", Match.NONE),
        (7, "sha256", Match.NONE),
        (b"x", "sha256", Match.NONE),
        ("\ud800é", "sha256", Match.NONE),
    ],
)
def test_which_key_made_it(
    make_auth: MakeAuth, found: object, algorithm: Algorithm, expected: Match
) -> None:
    keys = {"SECRET_KEY": "new", "SECRET_KEY_FALLBACKS": ["old", "older"]}
    flask = make_auth(tables=False, config={**keys, "DEFAULT_HASHING_ALGORITHM": algorithm})
    columns = {"id": 1, "username": "ann", "password": STORED}
    with flask.app.app_context():
        user = DjangoUser(columns, pk_name="id", username_field="username")
        assert verify(flask.auth.accounts, found, user) is expected


@pytest.mark.parametrize("hash_", ["", None, 7, b"x"])
def test_what_is_no_hash_is_nobodys_even_where_it_is_expected(hash_: object) -> None:
    assert match(hash_, [hash_], [hash_]) is Match.NONE


@pytest.mark.parametrize("other", ["a?", "a\ud801", "a", "a\\ud800", b"a\xed\xa0\x80", None])
def test_a_hash_that_is_no_unicode_is_equal_to_itself_alone(other: object) -> None:
    assert equal("a\ud800", "a\ud800")
    assert equal("a\ud800", other) is False
    assert equal(other, "a\ud800") is False


def test_in_the_old_era_the_hash_is_sha1(make_auth: MakeAuth, live: LiveDjango) -> None:
    flask = make_auth(config={"DEFAULT_HASHING_ALGORITHM": "sha1"})
    make_user()
    visitor = Visitor(flask.app, live)
    visitor.on_flask("in", name="ann", password=PASSWORD)
    assert len(visitor.response("data").json["_auth_user_hash"]) == 40  # type: ignore[index]
    assert visitor.on_flask("who") == "ann"


def test_a_session_of_the_old_era_is_kept_as_it_is(flask: AuthSite, visitor: Visitor) -> None:
    visitor.on_flask("in", name="ann", password=PASSWORD)
    with flask.app.app_context():
        user = flask.auth.get_by_natural_key("ann")
        session = flask.site.sessions.session(visitor.key)
        session["_auth_user_hash"] = session_auth_hash(user.password, SECRET_KEY, "sha1")
        session.save()
    assert visitor.on_flask("who") == "ann"
    assert visitor.key == session.session_key
