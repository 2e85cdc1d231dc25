"""The statements on the index: the same on every database."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from flask_dj_session.store.index import Entries, Entry, index_name
from flask_dj_session.store.index.entries import is_storable_text
from flask_dj_session.store.index.table import index_table
from flask_dj_session.store.index.writing import WritingByColumn

from ..conftest import NOW, MakeSite, Site
from ..databases import EVERY_DATABASE

on_every_database = pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)


def key_of(number: int) -> str:
    """Return a session key; they come in the order of the numbers."""
    return f"key{number:029}"


def entry(number: int, user_id: str | None = "7", **columns: Any) -> Entry:
    """Return an entry."""
    return Entry(key_of(number), user_id, NOW, **columns)


@pytest.fixture
def entries(site: Site) -> Entries:
    """Return the index beside an app's table."""
    made = entries_of(site)
    made.create()
    return made


def entries_of(site: Site) -> Entries:
    """Return what asks the index, which may be missing."""
    with site.app.app_context():
        return Entries(site.sessions.store.engine, site.sessions.store.table)


def put(site: Site, *numbers: int, ends: datetime = NOW) -> None:
    """Add rows."""
    with site.app.app_context():
        for number in numbers:
            site.sessions.store.insert(key_of(number), "text", ends)


# The table


@on_every_database
def test_the_table_is_made_once_and_removed_once(site: Site) -> None:
    entries = entries_of(site)
    assert not entries.exists()
    assert (entries.create(), entries.create()) == (True, False)
    assert entries.exists()
    assert (entries.drop(), entries.drop()) == (True, False)
    assert not entries.exists()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_table_whose_own_index_cannot_be_made_is_not_made_either(site: Site) -> None:
    entries = entries_of(site)
    with site.app.app_context(), site.db.engine.begin() as connection:
        taken = f"{entries.table.name}_user"
        connection.exec_driver_sql(f"CREATE INDEX {taken} ON django_session (session_data)")
    with pytest.raises(sa.exc.DBAPIError):
        entries.create()
    assert not entries.exists()


@on_every_database
def test_the_keys_of_both_tables_are_compared_alike(make_site: MakeSite) -> None:
    site = make_site(table=False)
    with site.app.app_context(), site.db.engine.begin() as connection:
        is_mysql = connection.dialect.name == "mysql"
        collation = " CHARACTER SET latin1 COLLATE latin1_german1_ci" if is_mysql else ""
        connection.exec_driver_sql(
            f"CREATE TABLE django_session (session_key varchar(40){collation} PRIMARY KEY,"
            " session_data text NOT NULL, expire_date timestamp NOT NULL)"
        )
    entries = entries_of(site)
    entries.create()
    put(site, 1)
    assert entries.unknown(limit=5) == [key_of(1)]
    with site.app.app_context(), site.db.engine.connect() as connection:
        columns = sa.inspect(connection).get_columns(entries.table.name)
    assert [getattr(columns[0]["type"], "collation", None)] == (
        ["latin1_german1_ci"] if is_mysql else [None]
    )


def test_each_table_of_sessions_has_an_index_of_its_own() -> None:
    names = [index_name(name) for name in ("django_session", "qsessions_session", "x" * 63)]
    assert names[:2] == ["flask_dj_session_index", "flask_dj_session_index_qsessions_session"]
    assert len({*names, index_name("x" * 62)}) == 4
    # PostgreSQL's names have 63 characters at most.
    assert [len(index_name("x" * length)) for length in (40, 41)] == [63, 63]
    assert index_name("x" * 40).endswith("x" * 40)


def test_a_long_name_is_made_where_md5_is_not_for_security(monkeypatch: pytest.MonkeyPatch) -> None:
    name, md5 = index_name("x" * 60), hashlib.md5

    def as_in_fips_mode(data: bytes, *, usedforsecurity: bool = True) -> Any:
        if usedforsecurity:
            raise ValueError("disabled for FIPS")
        return md5(data, usedforsecurity=False)

    monkeypatch.setattr(hashlib, "md5", as_in_fips_mode)
    assert index_name("x" * 60) == name


@pytest.mark.parametrize("length", [35, 36])
def test_a_name_that_has_room_for_its_ending_is_not_cut(site: Site, length: int) -> None:
    with site.app.app_context():
        sessions = site.sessions.store.table.to_metadata(sa.MetaData(), name="x" * length)
    table = index_table(sessions)
    (index,) = (one for one in table.indexes if "user_id" in one.columns)
    whole = f"{table.name}_user"
    assert str(index.name).endswith("x_user")
    assert (str(index.name) == whole) == (len(whole) <= 63)


def test_the_databases_own_index_on_the_users_has_a_name_that_stays(site: Site) -> None:
    with site.app.app_context():
        sessions = site.sessions.store.table

    def name(table: str) -> Any:
        (index,) = index_table(sessions.to_metadata(sa.MetaData(), name=table)).indexes
        return index.name

    assert name("django_session") == "flask_dj_session_index_user"
    assert name("x" * 35) == f"flask_dj_session_index_{'x' * 35}_user"
    assert name("x" * 36) == f"flask_dj_session_index_{'x' * 35}_user"
    assert name("y" + "x" * 61) == f"flask_dj_session_index_y{'x' * 25}_18971efe_user"
    letters = "abcdefghijklmnopqrstuvwxyz0123456789abcd"
    cut = "abcdefghijklmnopqrstuvwxyz"
    assert name(letters) == f"flask_dj_session_index_{cut}56789abcd_user"


@on_every_database
def test_tables_with_long_names_that_begin_alike_have_an_index_each(make_site: MakeSite) -> None:
    site = make_site()
    with site.app.app_context():
        engine, columns = site.sessions.store.engine, site.sessions.store.table.c
    for name in ("x" * 60 + "_a", "x" * 60 + "_b", "x" * 37 + "_c", "x" * 37 + "_d"):
        copies = [sa.Column(one.name, one.type, primary_key=one.primary_key) for one in columns]
        table = sa.Table(name, sa.MetaData(), *copies)
        with site.app.app_context():
            table.create(site.db.engine)
        assert Entries(engine, table).create()


# Entries


@on_every_database
def test_an_entry_is_found_by_its_user_as_it_was_made(entries: Entries) -> None:
    made = entry(1, is_login_seen=True, address="192.0.2.0/24", user_agent="Firefox on Linux")
    entries.enter(made)
    entries.enter(entry(2, "77"))
    assert entries.of_user("7") == [made]


@on_every_database
def test_a_second_entry_of_a_key_takes_the_place_of_the_first(entries: Entries) -> None:
    entries.enter(entry(1, None))
    entries.enter(entry(1, "8", address="192.0.2.7"))
    assert entries.of_user("8") == [entry(1, "8", address="192.0.2.7")]


@on_every_database
def test_an_entry_moves_to_another_key_unless_that_has_one(entries: Entries) -> None:
    sum(entries.add([entry(1, address="192.0.2.7"), entry(2), entry(3, "8")]))
    entries.move(key_of(1), key_of(4))
    entries.move(key_of(2), key_of(3))
    entries.move(key_of(9), key_of(5))
    assert entries.of_keys([key_of(one) for one in range(9)]) == {
        key_of(2): entry(2),
        key_of(3): entry(3, "8"),
        key_of(4): entry(4, address="192.0.2.7"),
    }


@on_every_database
def test_what_is_there_stays_where_many_are_added(entries: Entries) -> None:
    number = 2 * WritingByColumn.at_a_time + 5
    there = [entry(3, "8"), entry(number - 1, "8")]
    for one in there:
        entries.enter(one)
    sum(entries.add(entry(one) for one in range(number)))
    assert len(entries.of_user("7")) == number - 2
    assert sorted(entries.of_user("8")) == there


@on_every_database
@pytest.mark.parametrize("key", ["x" * 41, "look", "a\0b", "\udcff", b"bytes", 7])
def test_a_key_that_no_column_holds_is_left_out(entries: Entries, key: Any) -> None:
    assert sum(entries.add([Entry(key, "7", NOW), entry(2)])) == 1
    assert entries.of_user("7") == [entry(2)]


@on_every_database
def test_no_sign_means_anything_else_where_a_user_begins(entries: Entries) -> None:
    sum(entries.add([entry(1, "%a"), entry(2, "ba"), entry(3, "%kept")]))
    assert entries.remove_users_but("%", "%kept") == 1
    assert len(entries.of_user("ba")) == 1


@on_every_database
def test_users_are_told_apart_by_the_case_of_their_ids(entries: Entries) -> None:
    sum(entries.add([entry(1, "ann"), entry(2, "Ann")]))
    assert entries.of_user("Ann") == [entry(2, "Ann")]


@on_every_database
def test_entries_are_removed_by_their_keys_or_by_how_their_user_begins(entries: Entries) -> None:
    sum(entries.add([entry(1), entry(2), entry(3, "?new"), entry(4, "?old"), entry(5, None)]))
    assert entries.remove([key_of(1), key_of(9)]) == 1
    entries.remove_users_but("?", "?new")
    assert list(entries.of_keys([key_of(one) for one in range(9)])) == [
        key_of(2),
        key_of(3),
        key_of(5),
    ]


def test_an_entry_is_made_by_the_driver_alone(
    entries: Entries, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("SQLAlchemy takes several times as long")

    with monkeypatch.context() as patch:
        patch.setattr(sa.Connection, "execute", never)
        entries.enter(entry(1))
    assert entries.of_user("7") == [entry(1)]


# Compared with the rows


@on_every_database
def test_rows_without_an_entry_are_found_in_the_order_of_their_keys(
    site: Site, entries: Entries
) -> None:
    put(site, *range(6))
    sum(entries.add([entry(1), entry(4)]))
    assert entries.unknown(limit=2) == [key_of(0), key_of(2)]
    assert entries.unknown(limit=9, above=key_of(2)) == [key_of(3), key_of(5)]


@on_every_database
def test_rows_are_looked_for_within_spans_of_their_ends(site: Site, entries: Entries) -> None:
    day = timedelta(days=1)
    for number in range(6):
        put(site, number, ends=NOW + number * day)
    spans = [(NOW + day, NOW + 2 * day), (NOW + 4.5 * day, NOW + 9 * day)]
    found = entries.keys_within(spans, limit=9)
    assert sorted(found) == [key_of(1), key_of(2), key_of(5)]
    assert len(entries.keys_within(spans, limit=2)) == 2


@on_every_database
def test_keys_are_told_apart_by_whether_they_have_an_entry(entries: Entries) -> None:
    sum(entries.add(entry(number) for number in range(0, 1200, 2)))
    keys = [key_of(number) for number in range(1200)]
    assert entries.without_entry(keys) == keys[1::2]


@on_every_database
def test_the_entries_of_rows_that_are_gone_are_removed_piece_by_piece(
    site: Site, entries: Entries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_dj_session.store.index.entries._COMPARED_AT_A_TIME", 2)
    put(site, 1, 2, 5)
    sum(entries.add(entry(number) for number in range(7)))
    entries.enter(Entry("look", None, NOW))
    assert list(entries.clear_gone()) == [1, 1, 1, 1, 0]
    assert [one.session_key for one in entries.of_user("7")] == [key_of(1), key_of(2), key_of(5)]
    assert entries.looked_at() == Entry("look", None, NOW)


@on_every_database
def test_rows_are_counted_by_the_user_of_their_entries(site: Site, entries: Entries) -> None:
    put(site, 1, 2, 3)
    sum(entries.add([entry(1), entry(2), entry(3, "8"), entry(4)]))
    assert entries.count("7") == 2


def test_a_key_may_be_as_long_as_the_column() -> None:
    assert is_storable_text("x" * 40, 40)
    assert not is_storable_text("x" * 41, 40)


@on_every_database
def test_what_is_not_known_of_a_session_is_null_and_nothing_else_may_be(
    site: Site, entries: Entries
) -> None:
    with site.app.app_context():
        columns = sa.inspect(site.db.engine).get_columns(index_name("django_session"))
    may_be_null = {column["name"] for column in columns if column["nullable"]}
    assert may_be_null == {"user_id", "address", "user_agent"}


@on_every_database
def test_the_columns_are_as_wide_as_what_is_stored_in_them(site: Site, entries: Entries) -> None:
    with site.app.app_context():
        columns = sa.inspect(site.db.engine).get_columns(entries.table.name)
    widths = {one["name"]: getattr(one["type"], "length", None) for one in columns}
    expected = {"session_key": 40, "user_id": 80, "address": 45, "user_agent": 200}
    assert {name: widths[name] for name in expected} == expected


def test_where_a_column_of_keys_sets_no_bound_that_of_the_index_does(site: Site) -> None:
    with site.app.app_context():
        sessions = site.sessions.store.table.to_metadata(sa.MetaData())
    sessions.c.session_key.type = sa.Text()
    assert getattr(index_table(sessions).c.session_key.type, "length", None) == 255


def test_on_sqlite_the_rows_stand_in_the_order_of_their_keys(site: Site, entries: Entries) -> None:
    query = sa.text("SELECT sql FROM sqlite_master WHERE name = :name")
    with site.app.app_context(), site.db.engine.connect() as connection:
        text = connection.execute(query, {"name": entries.table.name}).scalar_one()
    assert text.strip().endswith("WITHOUT ROWID")


@on_every_database
def test_an_index_that_another_process_makes_at_the_same_time_is_no_error(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site.app.app_context():
        store = site.sessions.store
        entries = Entries(store.engine, store.table)
        assert entries.create()
        answers = [False]  # as it was a moment ago
        monkeypatch.setattr(
            "flask_dj_session.store.index.table.has_table",
            lambda *_: answers.pop() if answers else True,
        )
        assert not entries.create()
