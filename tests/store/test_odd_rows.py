"""Rows as no Django writes them, on every driver: each is listed, and ends no listing."""

from __future__ import annotations

import re
import sqlite3
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from flask_dj_session.store import DjangoDateTime, Store, StoredRow, TooLong, queries, raw
from flask_dj_session.store.table import datetime_of

from ..conftest import NOW, MakeSite, Site
from ..databases import EVERY_DATABASE, backend_of
from .conftest import store_of

every_database = pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)

LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)
FIRST = datetime(1, 1, 1, tzinfo=timezone.utc)
TENTH = datetime(2026, 11, 23, 12, 30, 15, 100000, tzinfo=timezone.utc)

#: by kind of database: what stands in the column, what it is to Python, whether it is over
ODD_DATES: dict[str, list[tuple[str, datetime | None, bool]]] = {
    "sqlite": [
        ("0001-01-01 00:00:00", FIRST, True),
        ("9999-12-31 23:59:59", LAST, False),
        ("10000-01-01 00:00:00", None, True),
        ("10000-13-45 00:00:00", None, True),
        ("infinity", None, False),
        ("2026-11-23 12:30:15.1", TENTH, True),
    ],
    "postgresql": [
        ("infinity", None, False),
        ("-infinity", None, True),
        ("0044-03-15 00:00:00+00 BC", None, True),
        ("4713-03-15 00:00:00+00 BC", None, True),
        ("0001-01-01 00:00:00+00", FIRST, True),
        ("9999-12-31 23:59:59+00", LAST, False),
        ("10000-01-03 00:00:00+00", None, False),
        ("294276-12-31 00:00:00+00", None, False),
        ("2026-11-23 12:30:15.1+00", TENTH, True),
    ],
    "mysql": [
        ("0000-00-00 00:00:00", None, True),
        ("2026-00-15 00:00:00", None, True),
        ("0001-01-01 00:00:00", FIRST, True),
        ("9999-12-31 23:59:59", LAST, False),
        ("2026-11-23 12:30:15.1", TENTH, True),
    ],
}


def _insert(site: Site, *rows: tuple[object, object, object]) -> None:
    """Insert rows as they are."""
    statement = sa.text("INSERT INTO django_session VALUES (:key, :data, :date)")
    with site.app.app_context(), site.db.engine.begin() as connection:
        if backend_of(connection.engine.url) == "mysql":
            connection.exec_driver_sql("SET sql_mode = ''")
        for key, data, date in rows:
            connection.execute(statement, {"key": key, "data": data, "date": date})


def _listed(store: Store, **options: Any) -> list[StoredRow]:
    return [row for page in store.pages(size=2, **options) for row in page]


@pytest.fixture
def dates(make_site: MakeSite, database_url: sa.URL) -> tuple[Store, list[Any]]:
    """Store a row for each odd date; return the store, and the dates in the order of the keys."""
    site = make_site()
    odd = ODD_DATES[backend_of(database_url)]
    _insert(site, *((f"key{number}", "text", date) for number, (date, *_) in enumerate(odd)))
    return store_of(site), odd


@every_database
def test_a_date_that_python_has_not_ends_no_listing(dates: tuple[Store, list[Any]]) -> None:
    store, odd = dates
    assert [row.expire_date for row in _listed(store)] == [date for _, date, _ in odd]
    assert [each.expire_date for each in store.outlines(limit=9)] == [date for _, date, _ in odd]


@every_database
def test_an_odd_date_has_expired_where_the_database_says_so(
    dates: tuple[Store, list[Any]],
) -> None:
    store, odd = dates
    over = [row for row in _listed(store) if row.has_expired(NOW)]
    assert [row.session_key for row in over] == [
        f"key{number}" for number, (*_, is_over) in enumerate(odd) if is_over
    ]
    assert _listed(store, expired_at=NOW) == over


@every_database
def test_odd_dates_end_no_clearing(dates: tuple[Store, list[Any]]) -> None:
    store, odd = dates
    expired = sum(is_over for *_, is_over in odd)
    assert sum(store.clear_expired(NOW, batch_size=1)) == expired
    assert store.count() == len(odd) - expired


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Chicago"])
@pytest.mark.parametrize("style", ["ISO", "German"])
def test_a_date_is_the_same_on_whatever_clock_the_connection_has(
    make_site: MakeSite, zone: str, style: str
) -> None:
    connect = {"options": f"-c TimeZone={zone} -c DateStyle={style}"}
    site = make_site(options={"connect_args": connect})
    _insert(site, *((date, "text", date) for date, *_ in ODD_DATES["postgresql"]))
    read = {row.session_key: row.expire_date for row in _listed(store_of(site))}
    assert read == {date: expected for date, expected, _ in ODD_DATES["postgresql"]}


@every_database
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Chicago"])
def test_the_first_and_the_last_date_on_the_site_s_own_clock_can_be_written_in_utc(
    make_site: MakeSite, zone: str
) -> None:
    site = make_site(USE_TZ=False, TIME_ZONE=zone)
    _insert(site, ("a", "x", "0001-01-01 00:00:00"), ("b", "x", "9999-12-31 23:59:59"))
    for row, date in zip(_listed(store_of(site)), (FIRST, LAST), strict=True):
        assert row.expire_date is not None
        assert abs(row.expire_date - date) < timedelta(days=1)
        assert row.expire_date.utcoffset() == timedelta()


# What SQLite lets stand where text should be.


def _text(raw: bytes) -> Any:
    return sa.cast(sa.literal(raw, sa.LargeBinary), sa.Text)


def _put_raw(site: Site, key: Any, data: Any, date: Any) -> None:
    table = sa.table("django_session", *map(sa.column, ["session_key", "session_data"]))
    table.append_column(sa.column("expire_date"))
    values = {"session_key": key, "session_data": data, "expire_date": date}
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.execute(sa.insert(table).values(values))


@pytest.fixture(params=["UTF-8", "UTF-16le"])
def no_text(request: pytest.FixtureRequest, make_site: MakeSite) -> Site:
    """Return a site with texts that are no UTF-8 in each column."""
    site = make_site(table=False)
    with site.app.app_context():
        with site.db.engine.begin() as connection:
            connection.exec_driver_sql(f"PRAGMA encoding = '{request.param}'")
            connection.exec_driver_sql("CREATE TABLE first (made TEXT)")  # and so it stays
        site.sessions.create_table()
    half = b"k\xd8"  # no UTF-8, and in UTF-16 the first half of a pair
    _put_raw(site, "a", _text(b"da" + half + b"ta"), "2027-01-01 00:00:00")
    _put_raw(site, "b", "data", _text(b"2027" + half + b"00"))
    for end in (b"11", b"22"):
        _put_raw(site, _text(half + end), "data", "2027-01-01 00:00:00")
    return site


def test_text_that_is_no_utf_8_ends_no_listing(no_text: Site) -> None:
    store = store_of(no_text)
    rows = _listed(store)
    assert [row.session_key for row in rows[:2]] == ["a", "b"]
    assert len({row.session_key for row in rows}) == 4
    assert [row.session_key for row in store.page(size=9, below=rows[-1].session_key)] == [
        row.session_key for row in rows[:3]
    ]
    assert len(store.outlines(limit=9)) == 4


def test_a_key_that_is_no_utf_8_finds_its_row_and_deletes_it(make_site: MakeSite) -> None:
    site = make_site()
    store = store_of(site)
    for end in (b"1", b"2", b"3"):
        _put_raw(site, _text(b"aaaaaaa\xff" + end), "data", "2027-01-01 00:00:00")
    first, second, third = _listed(store)
    assert store.row(second.session_key) == second
    assert store.starting_with("aaaaaaa") == [first, second, third]
    assert store.starting_with(first.session_key) == []  # nobody types that
    assert store.delete_keys([first.key_to_delete, third.key_to_delete, "other"]) == 2
    assert _listed(store) == [second]


@pytest.mark.slow
def test_dates_that_are_no_utf_8_end_no_clearing(make_site: MakeSite) -> None:
    site = make_site()
    for number in range(5):
        _put_raw(site, f"key{number}", "data", _text(b"1999-0%d\xff" % number))
    assert sum(store_of(site).clear_expired(NOW, batch_size=2)) == 5


def test_the_app_s_own_way_to_read_text_stays_as_it_is(make_site: MakeSite) -> None:
    site = make_site()
    store = store_of(site)
    _listed(store)
    with store.engine.connect() as connection:
        raw: Any = connection.connection.dbapi_connection
        assert raw.text_factory is str


@pytest.mark.parametrize("fraction", ["1", "10", "1000", "10000"])
def test_a_fraction_of_any_length_is_read_as_by_a_python_that_reads_few_of_them(
    monkeypatch: pytest.MonkeyPatch, fraction: str
) -> None:
    def as_before_python_3_11(text: str) -> datetime | None:
        digits = re.search(r"\.(\d+)", text)
        return None if digits and len(digits[1]) not in {3, 6} else datetime_of(text)

    monkeypatch.setattr(raw, "datetime_of", as_before_python_3_11)
    date_type = DjangoDateTime(lambda: None)
    for zone in ("", "+00:00"):
        assert raw.moment_of(f"2026-11-23 12:30:15.{fraction}{zone}", date_type) == TENTH


class _Bare:
    """A connection that has all that SQLAlchemy needs, and no ``text_factory``."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        if name == "text_factory":
            raise AttributeError(name)
        return getattr(self._connection, name)


def test_rows_are_listed_where_the_driver_cannot_be_told_how_to_read_text(
    make_site: MakeSite, database: Path
) -> None:
    def connect() -> _Bare:
        return _Bare(sqlite3.connect(database, check_same_thread=False))

    store = store_of(make_site(options={"creator": connect}))
    store.insert("12345678", "text", NOW)
    assert [row.session_key for row in _listed(store)] == ["12345678"]


ANY_TABLE = "CREATE TABLE django_session (session_key, session_data, expire_date)"


@pytest.fixture
def loose(make_site: MakeSite) -> Site:
    """Return a site whose table takes anything."""
    site = make_site(table=False)
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.exec_driver_sql(ANY_TABLE)
    return site


def test_values_of_any_type_end_no_listing(loose: Site) -> None:
    values = [7, 7.5, b"\xff", "text", None]
    _insert(loose, *((key, key, key) for key in values))
    assert [row.session_key for row in _listed(store_of(loose))] == [7, 7.5, "text", b"\xff", None]


@every_database
def test_rows_of_which_nothing_is_stored_but_the_key_are_listed(make_site: MakeSite) -> None:
    site = make_site(table=False)
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE django_session (session_key varchar(40) PRIMARY KEY,"
            " session_data text NULL, expire_date timestamp NULL)"
        )
    _insert(site, ("aaaaaa00", None, None), ("b", "text", NOW), ("c", None, NOW))
    store = store_of(site)
    assert [row.session_data for row in _listed(store)] == [None, "text", None]
    assert [row.session_data for row in store.page(size=9)] == [None, "text", None]
    assert store.row("aaaaaa00") == StoredRow("aaaaaa00", None, None)
    output = site.app.test_cli_runner().invoke(args=["sessions", "show", "aaaaaa"]).output
    assert "The session cannot be read. The column holds NULL instead of text." in output


@pytest.mark.parametrize("size", [1, 2, 3, 9])
def test_rows_without_a_key_come_last_and_hold_nothing_up(loose: Site, size: int) -> None:
    _insert(loose, *((None, "x", NOW) for _ in range(3)), ("a", "x", NOW), ("b", "x", NOW))
    rows = [row.session_key for page in store_of(loose).pages(size=size) for row in page]
    assert rows == ["a", "b", *[None] * min(size, 3)]
    assert [row.session_key for row in store_of(loose).page(size=size)] == ["a", "b"][:size]


COLUMNS = [
    "session_key text, session_data jsonb, expire_date text",
    "session_key varchar(40) PRIMARY KEY, session_data bytea, expire_date timestamp",
    "session_key char(40), session_data varchar, expire_date date",
]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("columns", COLUMNS)
def test_columns_of_other_types_end_no_listing(make_site: MakeSite, columns: str) -> None:
    site = make_site(table=False)
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE django_session ({columns})")
    _insert(site, ("a", "{}", "2026-11-23"), ("b", "{}", "infinity"))
    rows = _listed(store_of(site))
    assert [row.has_expired(NOW) for row in rows] == [True, False]
    examination = site.app.test_cli_runner().invoke(args=["sessions", "check"])
    assert "2 rows are corrupted" in examination.output


# Long texts.


class Fetched:
    """Counts the bytes of texts that a site's statements fetch."""

    def __init__(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        self.most = self.statements = 0
        fetch = sa.CursorResult.all

        def counted(result: sa.CursorResult[Any]) -> Any:
            rows = fetch(result)
            texts = [value for row in rows for value in row if isinstance(value, str)]
            self.most = max(self.most, sum(map(len, texts)))
            self.statements += 1
            return rows

        monkeypatch.setattr(sa.CursorResult, "all", counted)


@pytest.fixture
def long(make_site: MakeSite, monkeypatch: pytest.MonkeyPatch) -> tuple[Store, Fetched]:
    """Store forty texts of 10 kB and some short ones, of which 50 kB may come at a time."""
    monkeypatch.setattr(queries, "BYTES_AT_A_TIME", 50_000)
    site = make_site()
    _insert(site, *((f"long{n:02}", f"{n:02}" * 5000, NOW) for n in range(40)))
    _insert(site, *((f"short{n:02}", "x", NOW) for n in range(40)))
    return store_of(site), Fetched(site, monkeypatch)


@every_database
def test_long_texts_are_fetched_a_few_at_a_time(long: tuple[Store, Fetched]) -> None:
    store, fetched = long
    rows = [row for page in store.pages(size=1000) for row in page]
    assert [(row.session_key, row.session_data) for row in rows] == [
        *((f"long{n:02}", f"{n:02}" * 5000) for n in range(40)),
        *((f"short{n:02}", "x") for n in range(40)),
    ]
    assert fetched.most < 55_000
    assert fetched.statements == 1 + 8 + 1  # the rows, eight times five texts, none without a key


def test_a_text_of_some_megabytes_is_fetched(make_site: MakeSite) -> None:
    site, text = make_site(), "x" * 3_000_000
    _insert(site, ("long0000", text, NOW))
    row = store_of(site).row("long0000")
    assert row is not None
    assert row.session_data == text


def test_long_texts_that_have_room_together_are_fetched_together(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site()
    _insert(site, *((f"long{n:02}", f"{n:02}" * 5000, NOW) for n in range(40)))
    fetched = Fetched(site, monkeypatch)
    assert len(store_of(site).page(size=100)) == 40
    assert fetched.statements == 2  # the rows, and all their texts


@every_database
def test_a_page_of_long_texts_is_cut_short_and_goes_on(long: tuple[Store, Fetched]) -> None:
    store, fetched = long
    keys, above = [], None
    while rows := store.page(size=1000, above=above):
        keys += [row.session_key for row in rows]
        above = rows[-1].session_key
    assert keys == [f"{kind}{n:02}" for kind in ("long", "short") for n in range(40)]
    below = [row.session_key for row in store.page(size=1000, below="long30")]
    assert below == [f"long{n:02}" for n in range(25, 30)]
    assert fetched.most < 55_000


@every_database
def test_short_texts_come_with_their_rows_in_one_statement(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site()
    _insert(site, *((f"short{n:02}", "x", NOW) for n in range(40)))
    fetched = Fetched(site, monkeypatch)
    store = store_of(site)
    assert len(store.page(size=100)) == 40
    assert fetched.statements == 1


def test_where_there_is_no_text_none_is_fetched(
    loose: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    _insert(loose, ("a", None, NOW), ("b", "", NOW))
    fetched = Fetched(loose, monkeypatch)
    assert [row.session_data for row in store_of(loose).page(size=9)] == [None, ""]
    assert fetched.statements == 1


@every_database
def test_a_text_beyond_all_measure_is_not_fetched(
    long: tuple[Store, Fetched], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, fetched = long
    monkeypatch.setattr(queries, "LONGEST", 9_000)
    (first, *_) = store.page(size=3)
    assert (first.session_data, first.size) == (TooLong(10_000), 10_000)
    assert store.row("long07") == first._replace(session_key="long07", session_data=TooLong(10_000))
    assert fetched.most < 1000


@every_database
def test_a_text_of_just_the_measure_is_fetched(
    long: tuple[Store, Fetched], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _ = long
    monkeypatch.setattr(queries, "LONGEST", 10_000)
    assert store.page(size=1)[0].session_data == "00" * 5000


@every_database
def test_a_long_text_that_goes_meanwhile_is_no_matter(
    long: tuple[Store, Fetched], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _ = long
    pages = store.pages(size=20)
    next(pages)
    store.delete_keys([f"long{n:02}" for n in range(5, 12)])
    assert [row.session_key for row in next(pages)] == ["long12", "long13", "long14"]


@every_database
def test_of_several_rows_that_begin_alike_no_long_text_is_fetched(
    long: tuple[Store, Fetched],
) -> None:
    store, fetched = long
    rows = store.starting_with("long0")
    assert [row.session_data for row in rows] == [TooLong(10_000)] * 10
    assert fetched.most < 1000
    (row,) = store.starting_with("long07")
    assert row.session_data == "07" * 5000


def test_a_visitor_whose_text_is_no_utf8_has_a_corrupted_session(
    make_site: MakeSite, caplog: pytest.LogCaptureFixture
) -> None:
    site = make_site()
    with site.app.app_context():
        with site.db.engine.begin() as connection:
            connection.exec_driver_sql(
                "INSERT INTO django_session VALUES"
                " ('12345678', CAST(x'736563726574ff' AS TEXT), '2999-01-01')"
            )
        assert site.sessions.session("12345678").load() == {}
    assert "Session data corrupted" in caplog.text
    assert "secret" not in caplog.text


@every_database
def test_a_text_of_a_hundred_kilobytes_is_fetched_whole(site: Site) -> None:
    text = "0123456789" * 10_000
    with site.app.app_context():
        store = site.sessions.store
        store.insert("nomatterwhose", text, NOW)
        assert store.row("nomatterwhose") == StoredRow("nomatterwhose", text, NOW)


def test_a_text_of_4096_bytes_comes_with_its_row_and_a_longer_one_after_it(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site()
    _insert(site, ("short", "x" * 4096, NOW))
    fetched = Fetched(site, monkeypatch)
    store = store_of(site)
    store.page(size=9)
    assert fetched.statements == 1
    _insert(site, ("long", "x" * 4097, NOW))
    assert [row.size for row in store.page(size=9)] == [4097, 4096]
    assert fetched.statements == 1 + 2


_MEBIBYTE = 1024 * 1024


def test_two_mebibytes_of_long_texts_are_fetched_at_a_time(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site()
    _insert(site, *((f"long{n}", "x" * (_MEBIBYTE + n // 3), NOW) for n in range(4)))
    fetched = Fetched(site, monkeypatch)
    assert [len(page) for page in store_of(site).pages(size=9)] == [2, 1, 1]
    assert 0 <= fetched.most - 2 * _MEBIBYTE < 1000  # with keys and dates


def test_of_very_many_long_texts_five_hundred_are_fetched_at_a_time(make_site: MakeSite) -> None:
    site = make_site()
    _insert(site, *((f"long{n:03}", "x" * 4100, NOW) for n in range(501)))
    store = store_of(site)
    assert [len(page) for page in store.pages(size=999)] == [500, 1]
    keys = [f"long{n:03}" for n in range(501)]
    assert sum(len(rows) for rows in store.rows_of(keys)) == 501


@pytest.mark.slow
@pytest.mark.parametrize(("beyond", "is_fetched"), [(0, True), (1, False)])
def test_a_text_of_sixty_four_mebibytes_is_the_longest_that_is_fetched(
    make_site: MakeSite, beyond: int, is_fetched: bool
) -> None:
    site = make_site()
    size = 64 * _MEBIBYTE + beyond
    with site.app.app_context(), site.db.engine.begin() as connection:
        made = f"replace(hex(zeroblob({size // 2})), '0', 'x') || '{'x' * (size % 2)}'"
        connection.exec_driver_sql(
            f"INSERT INTO django_session VALUES ('long', {made}, '2999-01-01')"
        )
    (row,) = store_of(site).page(size=1)
    assert row.size == size
    assert isinstance(row.session_data, str) == is_fetched


def test_an_error_passes_where_nobody_can_tell_whether_there_is_a_table(
    make_site: MakeSite,
) -> None:
    site = make_site(table=False)
    with site.app.app_context(), site.db.engine.begin() as connection:
        # A view of what is gone: SQLite refuses to say which columns it has, too.
        connection.exec_driver_sql("CREATE VIEW django_session AS SELECT * FROM gone")
    with pytest.raises(sa.exc.OperationalError, match="gone") as error:
        store_of(site).load("12345678", NOW)
    assert str(error.value.statement).startswith("SELECT django_session.session_data")
