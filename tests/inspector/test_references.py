"""References to rows, for URLs."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from flask_dj_session.inspector.key_derivation import derived_key
from flask_dj_session.inspector.references import Key, References
from flask_dj_session.store import Store

from ..conftest import NOW, MakeSite
from .conftest import statements

REFERENCES = References("secret")
KEY = "zjbo04lhtzt9qxwdvnrh3fsukh0qdf7j"


@pytest.fixture
def store(make_site: MakeSite) -> Store:
    """Return a store with a table, and no row."""
    site = make_site()
    with site.app.app_context():
        return site.sessions.store


def put(store: Store, *keys: Key) -> None:
    """Store rows."""
    for key in keys:
        store.insert(key, "text", NOW + timedelta(days=1))  # type: ignore[arg-type]


def found(store: Store, key: Key, references: References = REFERENCES) -> object:
    """Return the key of the row that a reference to *key* leads to."""
    row = references.row_of(REFERENCES.to(key), store)
    return row and row.session_key


@pytest.mark.parametrize(
    "key", [KEY, "", "a", "1234567", "12345678", "k" * 40, "Großes_ß", "a/b?c=d" * 3]
)
def test_a_reference_leads_to_its_row(store: Store, key: str) -> None:
    put(store, key)
    assert found(store, key) == key


def test_one_key_has_one_reference_as_long_as_the_secret_key_stays() -> None:
    # Bookmarks go on to work; and it shows which derived keys are used for what.
    assert REFERENCES.to(KEY) == (
        "WyIxNGM0YzI3OGJkNTNmODUxNzRjNGQ3ZDEyNzA5MmM3OCIsInpqYm8wNCJd.3EUs4-2T3o2_hE4vY1-_fPLhFmc"
    )


def test_a_row_is_found_among_others_that_begin_alike(store: Store) -> None:
    keys = [f"{KEY[:8]}{number:024}" for number in range(60)]
    put(store, KEY[:8], *keys, KEY)
    assert {found(store, key) for key in keys} == set(keys)
    assert found(store, KEY) == KEY


def test_bytes_are_another_key_than_text(make_site: MakeSite) -> None:
    site = make_site()
    with site.app.app_context():
        store, other = site.sessions.store, KEY.encode()
        put(store, KEY)
        assert found(store, other) is None
        with site.db.engine.begin() as connection:
            row = (other, "text", "2027-01-01 00:00:00")
            connection.exec_driver_sql("INSERT INTO django_session VALUES (?, ?, ?)", row)
        assert (found(store, KEY), found(store, other)) == (KEY, other)


def test_a_row_that_is_gone_is_none_and_keeps_its_place(store: Store) -> None:
    reference = REFERENCES.to(KEY)
    put(store, "a" * 32, "zz" * 16)
    assert REFERENCES.row_of(reference, store) is None
    place = REFERENCES.place_of(reference, store)
    assert [row.session_key for row in store.page(size=9, above=place)] == ["zz" * 16]
    assert [row.session_key for row in store.page(size=9, below=place)] == ["a" * 32]


def test_the_place_of_a_row_is_its_key(store: Store) -> None:
    put(store, KEY)
    assert REFERENCES.place_of(REFERENCES.to(KEY), store) == KEY


@given(st.one_of(st.text(), st.binary()))
def test_a_reference_needs_no_escapes_in_a_url(key: Key) -> None:
    assert quote(REFERENCES.to(key)) == REFERENCES.to(key)


def test_a_key_has_one_reference() -> None:
    assert REFERENCES.to(KEY) == References("secret").to(KEY) == References(b"secret").to(KEY)
    assert REFERENCES.to(KEY) != REFERENCES.to(KEY.encode())


def told(key: str) -> list[str]:
    """Return what anybody reads in a reference, without a key of ours."""
    _, payload = URLSafeSerializer("another").loads_unsafe(REFERENCES.to(key))
    assert isinstance(payload, list)
    return payload


@given(st.text(st.characters(codec="ascii"), min_size=8, max_size=128))
@example("\x1f" * 40)  # which is shorter once it is compressed
def test_most_of_a_key_is_not_in_its_reference(key: str) -> None:
    digest, start = told(key)
    assert key.startswith(start)
    assert len(start) <= min(6, len(key) // 4)
    assert re.fullmatch("[0-9a-f]{32}", digest)


def test_keys_that_begin_alike_have_digests_that_do_not() -> None:
    keys = [KEY[:-1] + last for last in "abcdefgh"]
    digests = [told(key)[0] for key in keys]
    assert len({digest[:8] for digest in digests}) == 8


@given(st.text())
def test_what_was_not_made_here_is_none_without_a_query(reference: str) -> None:
    nowhere: Store = None  # type: ignore[assignment]
    assert REFERENCES.row_of(reference, nowhere) is None
    assert REFERENCES.place_of(reference, nowhere) is None


@pytest.mark.parametrize("position", range(0, 90, 7))
def test_a_reference_with_another_character_is_none(store: Store, position: int) -> None:
    put(store, KEY)
    reference = REFERENCES.to(KEY)
    other = "A" if reference[position] != "A" else "B"
    changed = reference[:position] + other + reference[position + 1 :]
    assert REFERENCES.row_of(changed, store) is None


@pytest.mark.parametrize("length", [0, 1, 16, 40, -1])
def test_a_reference_cut_short_is_none(store: Store, length: int) -> None:
    put(store, KEY)
    assert REFERENCES.row_of(REFERENCES.to(KEY)[:length], store) is None


def test_another_secret_key_finds_nothing(store: Store) -> None:
    put(store, KEY)
    assert found(store, KEY, References("another")) is None


def test_a_row_costs_one_statement_to_find(make_site: MakeSite) -> None:
    site = make_site()
    with site.app.app_context():
        put(site.sessions.store, *(f"{number:04}{KEY}"[:32] for number in range(200)))
        with statements(site) as noted:
            assert found(site.sessions.store, f"0100{KEY}"[:32])
    assert len(noted) == 1


def test_what_is_derived_for_one_purpose_serves_no_other() -> None:
    keys = {
        derived_key(secret, purpose)
        for secret in ("secret", "secret2")
        for purpose in ("reference.digest", "before")
    }
    assert len(keys) == 4
    assert {len(key) for key in keys} == {32}
