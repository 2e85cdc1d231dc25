"""The contract of the store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from flask_dj_session.errors import CreateError, MissingTableError, UpdateError
from flask_dj_session.store import Store

from ..conftest import MakeSite
from ..databases import EVERY_DATABASE
from .conftest import store_of

pytestmark = pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)

NOW = datetime(2026, 11, 23, 12, 30, 15, 123456, tzinfo=timezone.utc)
LATER = NOW + timedelta(days=14)
KEY = "k1oaq42offgtsgr8y9zji2lr04kctho5"
TEXT = "eyJudW1fdmlzaXRzIjoxfQ:1xVIM1:signature"


def test_load_returns_the_text_that_was_inserted(store: Store) -> None:
    store.insert(KEY, TEXT, LATER)
    assert store.load(KEY, NOW) == TEXT


def test_load_returns_none_for_a_missing_row(store: Store) -> None:
    assert store.load(KEY, NOW) is None


@pytest.mark.parametrize("seconds", [0, -1, -100000])
def test_load_returns_none_for_an_expired_row(store: Store, seconds: int) -> None:
    store.insert(KEY, TEXT, NOW + timedelta(seconds=seconds))
    assert store.load(KEY, NOW) is None


def test_a_row_counts_until_the_last_microsecond(store: Store) -> None:
    store.insert(KEY, TEXT, NOW + timedelta(microseconds=1))
    assert store.load(KEY, NOW) == TEXT


@pytest.mark.parametrize("microsecond", [0, 1, 500000, 999999])
def test_dates_with_and_without_a_fraction_compare_rightly(store: Store, microsecond: int) -> None:
    date = NOW.replace(microsecond=microsecond)
    store.insert(KEY, TEXT, date)
    assert store.load(KEY, date) is None
    assert store.load(KEY, date - timedelta(microseconds=1)) == TEXT


@pytest.mark.parametrize("hours", [-8, 0, 9])
def test_a_date_of_another_zone_is_the_same_moment(store: Store, hours: int) -> None:
    date = LATER.astimezone(timezone(timedelta(hours=hours)))
    store.insert(KEY, TEXT, date)
    assert store.load(KEY, date - timedelta(microseconds=1)) == TEXT
    assert store.load(KEY, LATER) is None
    found = store.row(KEY)
    assert found is not None
    assert found.expire_date == LATER
    assert found.expire_date.tzinfo is timezone.utc


def test_exists_is_true_for_an_expired_row_too(store: Store) -> None:
    store.insert(KEY, TEXT, NOW - timedelta(days=1))
    assert store.exists(KEY)
    assert not store.exists("another0")


def test_insert_of_a_taken_key_raises_create_error_and_changes_nothing(store: Store) -> None:
    store.insert(KEY, TEXT, LATER)
    with pytest.raises(CreateError):
        store.insert(KEY, "other", LATER)
    assert store.load(KEY, NOW) == TEXT


def test_update_changes_text_and_date(store: Store) -> None:
    store.insert(KEY, TEXT, LATER)
    store.update(KEY, "other", NOW + timedelta(seconds=1))
    assert store.load(KEY, NOW) == "other"
    assert store.load(KEY, NOW + timedelta(seconds=1)) is None


def test_update_to_the_same_values_is_an_update(store: Store) -> None:
    store.insert(KEY, TEXT, LATER)
    store.update(KEY, TEXT, LATER)
    assert store.load(KEY, NOW) == TEXT


def test_update_of_a_missing_row_raises_update_error_and_adds_nothing(store: Store) -> None:
    with pytest.raises(UpdateError):
        store.update(KEY, TEXT, LATER)
    assert not store.exists(KEY)


def test_delete_removes_one_row(store: Store) -> None:
    store.insert(KEY, TEXT, LATER)
    store.insert("another0", TEXT, LATER)
    store.delete(KEY)
    assert not store.exists(KEY)
    assert store.exists("another0")


def test_delete_tells_whether_there_was_a_row(store: Store) -> None:
    store.insert(KEY, TEXT, LATER)
    assert store.delete(KEY, "another text") is False
    assert store.delete(KEY, TEXT) is True
    assert store.delete(KEY, TEXT) is False
    store.insert(KEY, TEXT, LATER)
    assert store.delete(KEY) is True
    assert store.delete(KEY) is False


def test_delete_of_a_missing_row_does_nothing(store: Store) -> None:
    store.delete(KEY)


def test_text_of_a_megabyte_and_of_any_script_comes_back(store: Store) -> None:
    text = "ž鍵🐎" * 100_000
    store.insert(KEY, text, LATER)
    assert store.load(KEY, NOW) == text


def _fill(store: Store, expired: int, live: int) -> None:
    for number in range(expired):
        store.insert(f"expired-{number:03}", TEXT, NOW - timedelta(seconds=1 + number))
    for number in range(live):
        store.insert(f"live-{number:03}", TEXT, NOW + timedelta(seconds=number))


def _left(store: Store, *, of: int) -> list[str]:
    return [key for number in range(of) if store.exists(key := f"expired-{number:03}")]


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7, 8, 1000])
def test_clear_expired_removes_the_expired_rows_in_batches(store: Store, batch_size: int) -> None:
    _fill(store, expired=7, live=3)
    removed = list(store.clear_expired(NOW, batch_size=batch_size))
    assert sum(removed) == 7
    assert max(removed) <= batch_size
    assert all(store.exists(f"live-{number:03}") for number in range(3))


def test_clear_expired_leaves_a_row_that_expires_now(store: Store) -> None:
    store.insert(KEY, TEXT, NOW)
    assert sum(store.clear_expired(NOW, batch_size=10)) == 0
    assert store.exists(KEY)


def test_clear_expired_leaves_a_row_that_was_renewed_while_it_ran(store: Store) -> None:
    _fill(store, expired=6, live=0)
    batches = store.clear_expired(NOW, batch_size=2)
    assert next(batches) == 2
    renewed = _left(store, of=6)[1]
    store.update(renewed, TEXT, LATER)
    assert sum(batches) == 3
    assert _left(store, of=6) == [renewed]


def test_clear_expired_that_is_stopped_keeps_what_it_has_done(store: Store) -> None:
    _fill(store, expired=6, live=0)
    batches = store.clear_expired(NOW, batch_size=2)
    assert next(batches) == 2
    batches.close()  # type: ignore[attr-defined]
    assert len(_left(store, of=6)) == 4


def test_clear_expired_keeps_to_its_batches_where_many_rows_share_a_date(store: Store) -> None:
    long_ago = NOW - timedelta(days=1)
    for number in range(7):
        store.insert(f"same-date-{number}", TEXT, long_ago + timedelta(seconds=number // 6))
    store.insert("live-row", TEXT, LATER)
    assert list(store.clear_expired(NOW, batch_size=2)) == [2, 2, 2, 1]
    assert store.exists("live-row")


_STATEMENTS: dict[str, Callable[[Store], object]] = {
    "load": lambda store: store.load(KEY, NOW),
    "reload": lambda store: store.reload(KEY, NOW),
    "load_with_end": lambda store: store.load_with_end(KEY, NOW),
    "exists": lambda store: store.exists(KEY),
    "insert": lambda store: store.insert(KEY, TEXT, LATER),
    "update": lambda store: store.update(KEY, TEXT, LATER),
    "replace": lambda store: store.replace(KEY, TEXT, TEXT, LATER),
    "delete": lambda store: store.delete(KEY),
    "delete-if": lambda store: store.delete(KEY, TEXT),
    "delete_keys": lambda store: store.delete_keys([KEY]),
    "delete_all": lambda store: store.delete_all(),
    "clear_expired": lambda store: list(store.clear_expired(NOW, batch_size=2)),
    "row": lambda store: store.row(KEY),
    "page": lambda store: store.page(size=2),
    "pages": lambda store: next(store.pages(size=2)),
    "keys": lambda store: next(store.keys()),
    "rows_of": lambda store: next(store.rows_of([KEY])),
    "outlines": lambda store: store.outlines(limit=2),
    "starting_with": lambda store: store.starting_with(KEY),
    "count": lambda store: store.count(),
}


@pytest.mark.parametrize("statement", _STATEMENTS.values(), ids=_STATEMENTS)
def test_a_missing_table_is_said_with_how_to_make_it(
    make_site: MakeSite, statement: Callable[[Store], object]
) -> None:
    store = store_of(make_site(table=False))
    with pytest.raises(MissingTableError, match=r"migrate sessions.*sessions create-table"):
        statement(store)


def test_another_error_of_the_database_passes_unchanged(store: Store) -> None:
    with store.engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE django_session RENAME COLUMN expire_date TO gone")
    with pytest.raises(sa.exc.DBAPIError, match="expire_date"):
        store.load(KEY, NOW)


def test_a_row_that_another_has_given_the_very_text_was_not_replaced(store: Store) -> None:
    store.insert(KEY, "theirs", LATER)
    assert not store.replace(KEY, "as loaded", "theirs", LATER)


def test_a_store_is_called_what_its_table_is(store: Store) -> None:
    assert store.name == "django_session"


def test_it_is_told_that_the_table_was_there_already(store: Store) -> None:
    assert store.create_table() is False
