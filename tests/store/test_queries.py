"""Many rows, read page by page."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from flask_dj_session import AbstractSession
from flask_dj_session.store import Outline, Store, StoredRow, TooLong

from ..conftest import NOW, MakeSite
from ..databases import EVERY_DATABASE
from .conftest import store_of

pytestmark = pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)


@pytest.fixture(autouse=True)
def rows(store: Store) -> None:
    """Store five rows, each ending a second after the other, the third one now."""
    for number in range(5):
        store.insert(f"aaaaaaa{number}", "text", NOW + timedelta(seconds=number - 2))


def _listed(store: Store, size: int) -> list[list[str]]:
    return [[row.session_key[-1] for row in page] for page in store.pages(size=size)]


def test_pages_come_in_the_order_of_the_keys(store: Store) -> None:
    assert _listed(store, 2) == [["0", "1"], ["2", "3"], ["4"]]
    assert _listed(store, 5) == [["0", "1", "2", "3", "4"]]
    store.delete_all()
    assert _listed(store, 5) == []


def test_keys_come_in_their_order_some_at_a_time(store: Store) -> None:
    def listed(size: int, **options: datetime) -> list[str]:
        pages = store.keys(size=size, **options)
        return ["".join(key[-1] for key in page) for page in pages]

    assert listed(1) == ["0", "1", "2", "3", "4"]
    assert listed(2) == ["01", "23", "4"]
    assert listed(5) == ["01234"]
    assert listed(2, expired_at=NOW) == ["01", "2"]
    store.delete_all()
    assert listed(2) == []


def test_a_row_has_an_aware_date(store: Store) -> None:
    assert next(store.pages(size=1)) == [
        StoredRow("aaaaaaa0", "text", NOW - timedelta(seconds=2)),
    ]


def test_a_row_that_ends_now_has_expired(store: Store) -> None:
    (page,) = store.pages(size=9, expired_at=NOW)
    assert [row.session_key[-1] for row in page] == ["0", "1", "2"]
    everything = next(store.pages(size=9))
    assert [row.has_expired(NOW) for row in everything] == [True, True, True, False, False]


def test_a_row_that_ends_now_is_not_loaded_with_or_without_its_end(store: Store) -> None:
    before = NOW - timedelta(seconds=1)
    assert (store.load("aaaaaaa2", before), store.load("aaaaaaa2", NOW)) == ("text", None)
    assert store.load_with_end("aaaaaaa2", before)[0] == "text"
    assert store.load_with_end("aaaaaaa2", NOW) == (None, None)


def test_a_row_that_is_removed_between_two_pages_is_no_matter(store: Store) -> None:
    pages = store.pages(size=2)
    next(pages)
    store.delete("aaaaaaa1")
    assert [row.session_key[-1] for row in next(pages)] == ["2", "3"]


def test_a_page_is_what_comes_next_above_or_below_a_key(store: Store) -> None:
    def keys(**bounds: str) -> str:
        return "".join(row.session_key[-1] for row in store.page(size=2, **bounds))

    assert keys() == "01"
    assert keys(above="aaaaaaa1") == "23"
    assert keys(above="aaaaaaa4") == ""
    assert keys(below="aaaaaaa4") == "23"
    assert keys(below="aaaaaaa1") == "0"


def test_a_row_is_found_by_its_key_expired_or_not(store: Store) -> None:
    assert store.row("aaaaaaa0") == StoredRow("aaaaaaa0", "text", NOW - timedelta(seconds=2))
    assert store.row("nobody00") is None
    assert store.row("AAAAAAA0") is None


def test_outlines_tell_dates_and_sizes(store: Store) -> None:
    store.insert("aaaaaaa", "", NOW)
    assert store.outlines(limit=2) == [Outline(NOW, 0), Outline(NOW - timedelta(seconds=2), 4)]


def test_rows_are_found_by_the_beginning_of_their_keys(store: Store) -> None:
    assert len(store.starting_with("aaaaaaa")) == 5
    assert [row.session_key for row in store.starting_with("aaaaaaa3")] == ["aaaaaaa3"]
    assert store.starting_with("AAAAAAA") == []
    assert store.starting_with("a%") == []


def test_a_key_that_others_begin_with_is_found_alone(store: Store) -> None:
    store.insert("aaaaaaa33", "text", NOW)
    assert [row.session_key for row in store.starting_with("aaaaaaa3")] == ["aaaaaaa3"]


def test_of_several_rows_no_long_text_is_fetched(store: Store) -> None:
    text = "x" * 5000
    for key in ("bbbbbbb1", "bbbbbbb2"):
        store.insert(key, text, NOW)
    assert [row.session_data for row in store.starting_with("bbbbbbb1")] == [text]
    assert [row.session_data for row in store.starting_with("bbbbbbb")] == [TooLong(5000)] * 2


@pytest.mark.parametrize("sign", ["%", "_", "/", "\\", "'", '"'])
def test_no_sign_means_anything_else_at_the_beginning_of_a_key(store: Store, sign: str) -> None:
    wanted = [f"10{sign}percent-{end}" for end in "ab"]
    for key in (*wanted, f"10{sign}{sign}percent-c", "10xpercent-d", "10percent-e"):
        store.insert(key, "text", NOW)
    found = store.starting_with(f"10{sign}per")
    assert sorted(row.session_key for row in found) == wanted


def test_rows_are_counted(store: Store) -> None:
    assert store.count() == 5
    assert store.count(expired_before=NOW) == 2


def test_several_rows_are_deleted_at_once(store: Store) -> None:
    assert store.delete_keys(["aaaaaaa1", "aaaaaaa3", "nobody"]) == 2
    assert store.delete_keys([]) == 0
    assert store.delete_all() == 3


def test_the_migration_of_another_table_is_not_recorded(make_site: MakeSite) -> None:
    site = make_site(table=False)

    class Own(AbstractSession, site.db.Model):  # type: ignore[name-defined,misc]
        __tablename__ = "own_session"

    other = Store(store_of(site).engine, Own.__table__)
    with pytest.raises(ValueError, match="No migration of Django's own creates 'own_session'"):
        other.record_migration(NOW)
