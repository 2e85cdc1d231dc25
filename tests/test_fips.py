"""Where OpenSSL refuses MD5 and SHA-1 for what is about security, as the FIPS rules want it."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from flask_dj_session.auth import passwords
from flask_dj_session.auth.passwords import Hasher
from flask_dj_session.store import indexes_of
from flask_dj_session.store.index import index_name


@pytest.fixture(autouse=True)
def _refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand for such an OpenSSL, which no test can have: it must be built for that."""

    def refusing(name: str) -> Any:
        compute = getattr(hashlib, name)

        def computed(*arguments: Any, usedforsecurity: bool = True) -> Any:
            if usedforsecurity:
                raise ValueError("disabled for FIPS")
            return compute(*arguments)

        return computed

    for name in ("md5", "sha1", "new"):
        monkeypatch.setattr(hashlib, name, refusing(name))


def test_tables_are_made_with_djangos_names() -> None:
    names = {index.name for index in indexes_of("django_session")}
    assert "django_session_expire_date_a5c62663" in names


def test_the_index_of_the_sessions_has_its_name() -> None:
    name = index_name("x" * 63)
    assert len(name) == 63
    assert name.endswith("_7dc2ca20")


@pytest.mark.parametrize(
    "hasher",
    [passwords.MD5(), passwords.SaltedSHA1(), passwords.UnsaltedMD5(), passwords.UnsaltedSHA1()],
    ids=lambda hasher: hasher.name,
)
def test_passwords_of_old_are_read(hasher: Hasher) -> None:
    encoded = hasher.encode("correct horse")
    assert hasher.verify("correct horse", encoded)
    assert not hasher.verify("wrong", encoded)
