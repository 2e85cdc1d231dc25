"""The session hash beside Django's, for any password and keys."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.test import override_settings
from django.utils.crypto import salted_hmac
from hypothesis import given
from hypothesis import strategies as st

from flask_dj_session.auth.hashes import Match, match, session_auth_hash
from flask_dj_session.wire.codec import Algorithm

from .. import live_django  # noqa: F401 - begins a Django

text = st.text(st.characters(exclude_categories=["Cs"]))
keys = text.filter(bool) | st.binary(min_size=1)
algorithms: st.SearchStrategy[Algorithm] = st.sampled_from(["sha256", "sha1"])
_SALT = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"


@given(password=text, key=keys, algorithm=algorithms)
def test_it_is_djangos_for_any_password_and_key(
    password: str, key: str | bytes, algorithm: Algorithm
) -> None:
    theirs = salted_hmac(_SALT, password, secret=key, algorithm=algorithm).hexdigest()
    assert session_auth_hash(password, key, algorithm) == theirs


@given(password=text, ours=st.lists(keys, min_size=1, max_size=3), by=st.integers(0, 3))
def test_the_key_that_made_it_is_told_as_django_tells_it(
    password: str, ours: list[str | bytes], by: int
) -> None:
    maker = [*ours, "a stranger's"][min(by, len(ours))]
    found = session_auth_hash(password, maker, "sha256")
    user: Any = User(password=password)
    with override_settings(SECRET_KEY=ours[0], SECRET_KEY_FALLBACKS=ours[1:]):
        is_current = found == user.get_session_auth_hash()
        is_fallback = found in list(user.get_session_auth_fallback_hash())
    theirs = Match.CURRENT if is_current else Match.FALLBACK if is_fallback else Match.NONE
    current, *fallbacks = (session_auth_hash(password, key, "sha256") for key in ours)
    assert match(found, [current], fallbacks) is theirs
