"""Rows as no Django writes them end no page."""

from __future__ import annotations

import tracemalloc

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from flask_dj_session.inspector import search
from flask_dj_session.store import queries
from flask_dj_session.wire import SessionCodec

from ..conftest import NOW, Site
from ..databases import EVERY_DATABASE, backend_of
from ..live_django import SECRET_KEY
from ..store.test_odd_rows import ODD_DATES
from .conftest import Put, links, listed, press, statements, visitor

ALL = "/sessions/all"
KEY = "aaaaaa00"
TEXT = SessionCodec(SECRET_KEY).encode({"_auth_user_id": "\ud800"}, NOW)


def _insert(site: Site, key: str, text: str, date: str) -> None:
    """Insert a row, *key* and *date* in SQL."""
    statement = sa.text(f"INSERT INTO django_session VALUES ({key}, :text, {date})")
    with site.app.app_context(), site.db.engine.begin() as connection:
        if backend_of(connection.engine.url) == "mysql":
            connection.exec_driver_sql("SET sql_mode = ''")
        connection.execute(statement, {"text": text})


def _states(client: FlaskClient, page: str) -> list[int]:
    """Look at all pages of the session that *page* has a link to."""
    answer = client.get(page)
    codes = [answer.status_code]
    for one in (link for link in links(answer, "<code>") if "/one/" in link):
        pages = (one, f"{one}?unverified=1", f"{one}?full=1", f"{one}/revoke")
        codes += [client.get(each).status_code for each in pages]
        codes.append(press(client, one, one).status_code)
    return codes


def _odd_dates(site: Site) -> list[str]:
    with site.app.app_context():
        backend = backend_of(site.db.engine.url)
    return [date.replace(":", r"\:") for date, *_ in ODD_DATES[backend]]


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_odd_dates_and_an_odd_user_end_no_page(site: Site) -> None:
    dates = _odd_dates(site)
    for number, date in enumerate(dates):
        _insert(site, f"'aaaaaa{number:02}'", TEXT, f"'{date}'")
    assert _states(site.client, ALL) == [200] * (1 + 5 * len(dates))


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_one_s_own_row_with_an_odd_date_ends_no_page(site: Site) -> None:
    for date in _odd_dates(site):
        with site.app.app_context():
            site.sessions.store.delete_all()
        _insert(site, f"'{KEY}'", TEXT, f"'{date}'")
        assert visitor(site, KEY).get("/sessions/").status_code == 200


@pytest.mark.parametrize(
    ("key", "date"),
    [
        ("CAST(x'616161616161ff' AS TEXT)", "'2027-01-01'"),
        ("'aaaaaa'", "CAST(x'3230ff' AS TEXT)"),
    ],
    ids=["key", "date"],
)
def test_text_that_is_no_utf_8_ends_no_page(site: Site, key: str, date: str) -> None:
    _insert(site, key, TEXT, date)
    client = site.client
    assert _states(client, ALL) == [200] * 6
    (one, *_) = (link for link in links(client.get(ALL), "<code>") if "/one/" in link)
    assert press(client, f"{one}/revoke", f"{one}/revoke").status_code == 303
    assert client.get(ALL).text.count("There are no sessions.") == 1


def test_data_that_is_no_utf_8_ends_no_page(site: Site) -> None:
    with site.app.app_context(), site.db.engine.begin() as connection:
        values = f"'{KEY}', CAST(x'6161ff3a' AS TEXT), '2027-01-01'"
        connection.exec_driver_sql(f"INSERT INTO django_session VALUES ({values})")
    assert _states(site.client, ALL) == [200] * 6
    assert visitor(site, KEY).get("/sessions/").status_code == 200


@pytest.mark.parametrize("days", [1, 4000], ids=["a day", "many years"])
def test_the_last_days_that_there_are_end_no_plot(site: Site, days: int) -> None:
    for number in range(12):
        _insert(site, f"'a{number}'", TEXT, f"date('9999-12-31', '-{number * days} days')")
    assert site.client.get(ALL).status_code == 200


def test_rows_without_a_key_hide_no_others(site: Site) -> None:
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE django_session")
        columns = "session_key, session_data, expire_date"
        connection.exec_driver_sql(f"CREATE TABLE django_session ({columns})")
    for _ in range(search.PAGE_SIZE + 1):
        _insert(site, "NULL", TEXT, "'2027-01-01'")
    _insert(site, f"'{KEY}'", TEXT, "'2027-01-01'")
    assert listed(site.client.get(ALL)) == ["aaaaaa"]


# Long rows: as many to a page, and a few of them in memory at a time.


def test_a_page_of_long_rows_has_as_many_and_goes_on(
    site: Site, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "BYTES_AT_A_TIME", 30_000)
    monkeypatch.setattr(search, "PAGE_SIZE", 4)
    for letter in "abcdefgh":
        put(letter * 6, text=letter * 10_000)
    first = site.client.get(ALL)
    assert listed(first) == [letter * 6 for letter in "abcd"]
    (page,) = links(first, "Next")
    second = site.client.get(page)
    assert listed(second) == [letter * 6 for letter in "efgh"]
    assert links(second, "Next") == []
    (page,) = links(second, "Before")
    assert listed(site.client.get(page)) == [letter * 6 for letter in "abcd"]


@pytest.mark.slow
def test_a_page_of_long_rows_takes_little_memory(site: Site, put: Put) -> None:
    text = SessionCodec(SECRET_KEY).encode({"items": [{"n": n} for n in range(6_000)]}, NOW)
    for number in range(search.PAGE_SIZE):
        put(f"a{number:05}", text=text)
    site.client.get(f"{ALL}?state=expired")  # what is made once is no matter
    tracemalloc.start()
    try:
        assert len(listed(site.client.get(ALL))) == search.PAGE_SIZE
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000  # the data of one are 2 MB, of all 43 MB


def test_a_page_asks_no_more_often_than_it_must(site: Site, put: Put) -> None:
    for number in range(3):
        put(f"a{number:05}")
    with statements(site) as noted:
        site.client.get(f"{ALL}?user=7")
    assert len(noted) == 2  # the rows, and whether there are more
