"""*All sessions*: pages, and what is looked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from flask_dj_session.index import index_of
from flask_dj_session.inspector import Inspector, plots, search
from flask_dj_session.site import site_of
from flask_dj_session.wire import SessionCodec

from ..conftest import NOW, MakeSite, Site
from ..databases import EVERY_DATABASE
from ..live_django import SECRET_KEY
from .conftest import HOSTILE, Put, links, listed, statements

pytestmark = pytest.mark.slow

ALL = "/sessions/all"


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show two sessions to a page, of at most eight that are read for it."""
    monkeypatch.setattr(search, "PAGE_SIZE", 2)
    monkeypatch.setattr(search, "ROWS_READ", 8)
    monkeypatch.setattr(search, "ROWS_OF_QUERY", 4)


@pytest.fixture
def some(put: Put) -> None:
    """Store sessions of all kinds."""
    legacy = SessionCodec(SECRET_KEY, algorithm="sha1").encode({"_auth_user_id": "7"}, NOW)
    put("aaaaaa", _auth_user_id="7")
    put("bbbbbb", _auth_user_id=8, ends=-1)
    put("cccccc", text=legacy)
    put("dddddd", text="nonsense")
    put("eeeeee", num_visits=1)


def _walk(client: FlaskClient, page: str, text: str) -> Iterator[list[str]]:
    """Yield the keys of *page*, and of those that the link with *text* leads to."""
    while True:
        answer = client.get(page)
        yield listed(answer)
        following = links(answer, text)
        if not following:
            return
        (page,) = following


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
@pytest.mark.usefixtures("some", "small_pages")
def test_pages_follow_one_another_there_and_back(client: FlaskClient) -> None:
    there = list(_walk(client, ALL, "Next"))
    assert there == [["aaaaaa", "bbbbbb"], ["cccccc", "dddddd"], ["eeeeee"]]
    page = ALL
    for _ in range(2):
        (page,) = links(client.get(page), "Next")
    back = list(_walk(client, page, "Before"))
    assert back == [["eeeeee"], ["cccccc", "dddddd"], ["aaaaaa", "bbbbbb"]]


@pytest.mark.slow
@pytest.mark.usefixtures("some")
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", "abcde"),
        ("user=7", "ac"),
        ("user=8", "b"),
        ("user=9", ""),
        ("state=live", "ace"),
        ("state=expired", "b"),
        ("state=unreadable", "d"),
        ("form=legacy", "c"),
        ("form=signed", "abe"),
        ("form=signed&state=live&user=7", "a"),
    ],
)
def test_sessions_are_looked_for(client: FlaskClient, asked: str, found: str) -> None:
    keys = listed(client.get(f"{ALL}?{asked}"))
    assert keys == [letter * 6 for letter in found]


@pytest.mark.parametrize("asked", ["state=dead", "form=pickle", "above=x", "below=é"])
def test_what_cannot_be_asked_for_is_not_found(client: FlaskClient, asked: str) -> None:
    assert client.get(f"{ALL}?{asked}").status_code == 404


def test_a_table_without_rows_has_a_page(client: FlaskClient) -> None:
    assert "There are no sessions." in client.get(ALL).text


@pytest.mark.usefixtures("small_pages")
def test_a_search_goes_on_where_it_stopped(client: FlaskClient, put: Put) -> None:
    for number in range(20):
        put(f"a{number:05}", _auth_user_id=str(number % 19 == 0))
    answer = client.get(f"{ALL}?user=True")
    assert "8 rows read for this page. There are more." in answer.text
    walked = list(_walk(client, f"{ALL}?user=True", "Continue searching"))
    assert walked == [["a00000"], [], ["a00019"]]


@pytest.mark.usefixtures("small_pages")
def test_no_row_is_left_out_where_a_search_reads_on(client: FlaskClient, put: Put) -> None:
    keys = [f"a{number:05}" for number in range(21)]
    for key in keys:
        put(key, _auth_user_id="7")
    there = list(_walk(client, f"{ALL}?user=7", "Continue searching"))
    assert [len(page) for page in there] == [2] * 10 + [1]
    assert [key for page in there for key in page] == keys
    back = list(_walk(client, _last(client, f"{ALL}?user=7", "Continue searching"), "Before"))
    assert sorted(key for page in back for key in page) == keys


@pytest.mark.usefixtures("small_pages")
def test_a_search_goes_back_where_it_stopped(client: FlaskClient, put: Put) -> None:
    for number in range(20):
        put(f"a{number:05}", _auth_user_id=str(number % 19 == 0))
    last = _last(client, f"{ALL}?user=True", "Continue searching")
    assert list(_walk(client, last, "Before")) == [["a00019"], [], ["a00000"]]


def _last(client: FlaskClient, page: str, text: str) -> str:
    """Return the last of the pages that the link with *text* leads to."""
    while following := links(client.get(page), text):
        (page,) = following
    return page


def test_the_links_ask_for_what_was_asked_for_and_nothing_else(
    client: FlaskClient, put: Put, small_pages: None
) -> None:
    for number in range(9):
        put(f"a{number:05}", _auth_user_id="7 8")
    (plain,) = links(client.get(ALL), "Next")
    assert re.fullmatch(r"/sessions/all\?above=[\w.-]+", plain)
    (narrow,) = links(client.get(f"{ALL}?user=7+8&state=live&form="), "Continue searching")
    assert re.fullmatch(r"/sessions/all\?above=[\w.-]+&user=7\+8&state=live", narrow)
    second = client.get(narrow)
    assert links(second, "First") == ["/sessions/all?user=7+8&state=live"]
    (back,) = links(second, "Before")
    assert re.fullmatch(r"/sessions/all\?below=[\w.-]+&user=7\+8&state=live", back)
    assert links(client.get(f"{ALL}?user=7+8"), "Show all") == [ALL]


def test_a_page_has_25_sessions_and_a_search_reads_2000_rows(site: Site) -> None:
    _fill(site, 2001)
    client = site.client
    assert len(listed(client.get(ALL))) == 25
    assert len(listed(client.get(f"{ALL}?state=live"))) == 25
    assert "2000 rows read for this page. There are more." in client.get(f"{ALL}?user=7").text
    assert "2,000 that this page reads" in client.get(ALL).text
    assert _cost(site, f"{ALL}?user=7") == (10, 2010)


@pytest.mark.parametrize("number", [24, 25, 26, 50])
def test_the_last_page_leads_no_further(site: Site, number: int) -> None:
    _fill(site, number)
    client = site.client
    pages = list(_walk(client, ALL, "Next"))
    assert [len(page) for page in pages] == [25] * (number // 25) + [number % 25] * (
        number % 25 > 0
    )
    assert bool(links(client.get(ALL), "Next")) is (number > 25)
    assert links(client.get(ALL), "First") == links(client.get(ALL), "Before") == []


def test_what_is_not_found_says_so(client: FlaskClient, put: Put) -> None:
    put("aaaaaa")
    answer = client.get(f"{ALL}?user=7")
    assert "No session matches." in answer.text
    assert "1 row read for this page." in answer.text
    assert "There are more" not in answer.text


@pytest.mark.usefixtures("small_pages")
def test_nothing_found_so_far_is_not_nothing(client: FlaskClient, put: Put) -> None:
    for number in range(20):
        put(f"a{number:05}")
    assert "None of these rows matches." in client.get(f"{ALL}?user=7").text


def test_a_line_tells_of_a_session(client: FlaskClient, put: Put) -> None:
    put("aaaaaa", _auth_user_id="7", ends=3600)
    text = "x" * 1200
    put("bbbbbb", text=text)
    page = " ".join(re.sub(r"<[^>]+>", " ", client.get(ALL).text).split())
    assert "aaaaaa… live 7 2026-11-23 13:30 signed " in page
    assert "bbbbbb… unreadable \u2013 2026-11-23 12:31" in page
    assert " 1,200 " in page


def test_dates_are_those_of_utc(make_site: MakeSite, put: Put, clock: object) -> None:
    site = make_site(DEBUG=True, USE_TZ=False, TIME_ZONE="Asia/Tokyo")
    site.app.register_blueprint(Inspector())
    with site.app.app_context():
        ends = datetime(2026, 12, 1, 23, 30, tzinfo=timezone.utc)
        site.sessions.store.insert("a" * 32, "x", ends)
    page = " ".join(re.sub(r"<[^>]+>", " ", site.client.get(ALL).text).split())
    assert "2026-12-01 23:30" in page


@pytest.mark.parametrize(("length", "shown"), [(24, "7" * 24), (25, "7" * 24 + "…")])
def test_a_long_user_id_is_cut(client: FlaskClient, put: Put, length: int, shown: str) -> None:
    put("aaaaaa", _auth_user_id="7" * length)
    assert f"<bdi>{shown}</bdi>" in client.get(ALL).text


@pytest.mark.parametrize(("length", "shown"), [(80, "7" * 80), (81, "7" * 80 + "…")])
def test_a_long_user_id_is_cut_on_its_page(
    client: FlaskClient, put: Put, length: int, shown: str
) -> None:
    put("aaaaaa", _auth_user_id="7" * length)
    (one,) = [link for link in links(client.get(ALL), "aaaaaa") if "/one/" in link]
    assert f"<bdi>{shown}</bdi>" in client.get(one).text


def test_what_was_done_is_said_and_nothing_that_somebody_made_up(client: FlaskClient) -> None:
    assert 'role="status"' in client.get(f"{ALL}?notice=revoked").text
    assert 'role="status"' not in client.get(ALL).text
    page = client.get(f"{ALL}?notice=You+have+won").text
    assert 'role="status"' not in page
    assert "won" not in page


def test_what_was_asked_for_stays_in_the_form(client: FlaskClient) -> None:
    page = client.get(f"{ALL}?user=+%227%22+&state=expired&form=legacy").text
    assert 'name="user" value="&#34;7&#34;"' in page
    assert re.findall(r"<option selected>(\w+)", page) == ["expired", "legacy"]
    assert "<option selected" not in client.get(ALL).text


def test_a_row_whose_key_is_no_text_has_a_line_and_no_page(
    make_site: MakeSite, clock: object
) -> None:
    site = make_site(DEBUG=True, table=False)
    site.app.register_blueprint(Inspector())
    with site.app.app_context(), site.db.engine.begin() as connection:
        for statement in (
            "CREATE TABLE django_session (session_key, session_data, expire_date)",
            "INSERT INTO django_session VALUES (7, 'x', '2027-01-01')",
        ):
            connection.execute(sa.text(statement))
    answer = site.client.get(ALL)
    assert '<th scope="row"><code>7</code></th>' in answer.text
    assert not [link for link in links(answer, "<code>") if "/one/" in link]


def _cost(site: Site, page: str) -> tuple[int, int]:
    """Return how many statements a page takes, and how many rows they may return."""
    client = site.client
    with statements(site) as noted:
        answer = client.get(page)
    assert answer.status_code == 200
    limits = [parameters[-2] if "OFFSET" in text else 0 for text, parameters in noted]
    return len(noted), sum(limits)


@pytest.mark.slow
@pytest.mark.parametrize("asked", ["", "user=nobody", "state=expired"])
def test_a_page_costs_the_same_however_many_rows_there_are(site: Site, asked: str) -> None:
    _fill(site, 3000)
    few = _cost(site, f"{ALL}?{asked}")
    _fill(site, 6000, first=3000)
    assert _cost(site, f"{ALL}?{asked}") == few
    assert few[0] <= 1 + search.ROWS_READ / search.ROWS_OF_QUERY


def test_a_search_that_has_read_all_reads_no_more(site: Site, put: Put, small_pages: None) -> None:
    for letter in "abcd":
        put(letter * 6)
    with statements(site) as noted:
        site.client.get(f"{ALL}?user=7")
    # The second asks whether long texts have cut the first one short.
    assert len(noted) == 2


def _fill(site: Site, last: int, first: int = 0) -> None:
    text = SessionCodec(SECRET_KEY).encode({}, NOW)
    rows = [
        {"key": f"{number:032}", "data": text, "date": "2027-01-01 00:00:00"}
        for number in range(first, last)
    ]
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO django_session VALUES (:key, :data, :date)"), rows)


@pytest.mark.usefixtures("some", "small_pages")
def test_the_index_of_the_keys_finds_each_page(site: Site) -> None:
    client = site.client
    pages = [ALL, *links(client.get(ALL), "Next"), f"{ALL}?user=7"]
    with statements(site) as noted:
        for page in pages:
            client.get(page)
    for text, parameters in noted:
        plan = " ".join(_plan(site, text, parameters))
        assert "USING INDEX sqlite_autoindex_django_session_1" in plan
        assert "TEMP B-TREE" not in plan
        assert "COUNT" not in text.upper()


def _plan(site: Site, text: str, parameters: Any) -> list[str]:
    with site.app.app_context(), site.db.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", tuple(parameters))
        return [row.detail for row in rows]


def test_long_texts_end_a_page_early(
    client: FlaskClient, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "ROWS_OF_QUERY", 4)
    monkeypatch.setattr(search, "CHARACTERS_READ", 1000)
    for number in range(20):
        put(f"a{number:05}", text="x" * 300)
    assert "4 rows read for this page. There are more." in client.get(f"{ALL}?user=7").text


def test_the_plots_say_what_they_cover(
    client: FlaskClient, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plots, "LIMIT", 3)
    for letter in "abcd":
        put(letter * 6)
    page = client.get(ALL).text
    assert "3 rows, of at most 3 that this page reads" in page
    assert page.count("<svg") == 2
    assert "Sessions by size, as a table" in page


@pytest.mark.usefixtures("some", "small_pages")
def test_only_the_first_page_has_plots(client: FlaskClient) -> None:
    (second,) = links(client.get(ALL), "Next")
    assert "<svg" not in client.get(second).text
    assert "<svg" not in client.get(f"{ALL}?user=7").text


def _insert(site: Site, key: object, data: object, date: object) -> None:
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO django_session VALUES (:key, :data, :date)"),
            {"key": key, "data": data, "date": date},
        )


@pytest.mark.slow
@pytest.mark.parametrize("key", ["aaaaaa" + HOSTILE, b"aaaaaa\xff", "é" * 99], ids=ascii)
@pytest.mark.parametrize("date", ["2027-01-01 00:00:00", HOSTILE, b"\xff", 7, 1e300], ids=repr)
@pytest.mark.parametrize("data", [HOSTILE, f"{HOSTILE}:{HOSTILE}:x", b"\xff:\xff", 7], ids=repr)
def test_rows_that_no_django_wrote_are_shown(
    site: Site, key: object, data: object, date: object
) -> None:
    _insert(site, key, data, date)
    client = site.client
    answer = client.get(ALL)
    (one,) = [link for link in links(answer, "<code>") if "/one/" in link]
    pages = [
        answer,
        client.get(one),
        client.get(f"{one}?unverified=1"),
        client.get(f"{one}/revoke"),
    ]
    assert [page.status_code for page in pages] == [200] * 4
    for page in pages:
        assert "<script>alert" not in page.text
        assert not {"\x1b", "\u202e", "\x00"} & set(page.text)


def test_a_hostile_user_is_looked_for_as_any_other(client: FlaskClient, put: Put) -> None:
    put("aaaaaa", _auth_user_id="<b>\u202e")
    one = links(client.get(ALL), "aaaaaa")[0]
    (others,) = links(client.get(one), "Other sessions")
    assert listed(client.get(others)) == ["aaaaaa"]


@pytest.fixture
def indexed(site: Site) -> None:
    """Let there be an index beside the table, and the app count on it."""
    site.app.config["SESSION_INDEX"] = True
    with site.app.app_context():
        index_of(site_of(site.app)).entries.create()


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
@pytest.mark.usefixtures("small_pages", "indexed")
def test_a_users_sessions_are_found_among_any_number_where_there_is_an_index(
    site: Site, client: FlaskClient, put: Put
) -> None:
    for number in range(30):
        put(f"a{number:05}", _auth_user_id="8")
    for number in range(5):
        put(f"b{number:05}", _auth_user_id="7")
    there = list(_walk(client, ALL + "?user=7", "Continue searching"))
    assert there == [["b00000", "b00001"], ["b00002", "b00003"], ["b00004"]]
    (page,) = links(client.get(ALL + "?user=7"), "Continue searching")
    (page,) = links(client.get(page), "Continue searching")
    back = list(_walk(client, page, "Before"))
    assert back == [["b00004"], ["b00002", "b00003"], ["b00000", "b00001"]]
    with statements(site) as noted:
        client.get(ALL + "?user=7")
    assert "a00000" not in str(noted)


@pytest.mark.usefixtures("some", "indexed")
def test_an_index_and_what_else_is_looked_for_narrow_a_search_together(client: FlaskClient) -> None:
    assert listed(client.get(ALL + "?user=7")) == ["aaaaaa", "cccccc"]
    assert listed(client.get(ALL + "?user=7&form=legacy")) == ["cccccc"]
    assert listed(client.get(ALL + "?user=8&state=live")) == []
