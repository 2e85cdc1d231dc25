"""Two requests of one visitor at once, with ``SESSION_CONCURRENCY = "merge"``."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import flash, get_flashed_messages, session
from markupsafe import Markup

from flask_dj_session import DjangoSession, SessionInterrupted, UpdateError
from flask_dj_session.errors import ConflictError
from flask_dj_session.merging import MISSING, add

from .conftest import NOW, MakeSite, Site
from .databases import EVERY_DATABASE, EVERY_MARIADB, connect_raw
from .live_django import LiveDjango
from .test_ended import STEPS, Step

on_every_database = pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    """Return an app that merges."""
    return make_site(SESSION_CONCURRENCY="merge", extension={"mergers": {"visits": add}})


@pytest.fixture
def ours(site: Site) -> DjangoSession:
    """Return a session that was read from its row."""
    one = site.sessions.session()
    one.update(cart=["tea"], visits=1, seen=["a"])
    one.save()
    again = site.sessions.session(one.session_key)
    assert again["visits"] == 1
    return again


@pytest.fixture
def theirs(site: Site, ours: DjangoSession) -> DjangoSession:
    """Return the same session as another request has read it."""
    other = site.sessions.session(ours.session_key)
    assert other["visits"] == 1
    return other


@contextmanager
def counted(site: Site) -> Iterator[list[str]]:
    """Collect the statements of what is done inside."""
    seen: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        seen.append(statement)

    sa.event.listen(site.db.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(site.db.engine, "before_cursor_execute", note)


def stored(site: Site, one: DjangoSession) -> dict[str, Any]:
    return dict(site.sessions.session(one.session_key).items())


@on_every_database
def test_what_both_have_changed_is_kept(
    site: Site, ours: DjangoSession, theirs: DjangoSession
) -> None:
    theirs["color"] = "blue"
    theirs["visits"] += 1
    del theirs["seen"]
    theirs.save()
    ours["size"] = "XL"
    ours["visits"] += 1
    ours.save()
    together = {"cart": ["tea"], "visits": 3, "color": "blue", "size": "XL"}
    assert stored(site, ours) == together
    assert dict(ours) == together  # the view sees it, too


@on_every_database
def test_texts_that_differ_in_case_only_are_not_the_same(
    site: Site, ours: DjangoSession, theirs: DjangoSession
) -> None:
    key = ours.session_key or ""
    with site.app.app_context():
        row = site.sessions.store.row(key)
        assert row is not None
        text, end = row.session_data, NOW
        assert not site.sessions.store.replace(key, text.swapcase(), "other", end)
        assert not site.sessions.store.delete(key, text.swapcase())
        assert site.sessions.store.replace(key, text, "other", end)
        assert site.sessions.store.delete(key, "other")


def test_where_a_driver_cannot_count_the_row_tells_whether_it_was_changed(
    site: Site, ours: DjangoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    (row,) = site.rows()
    key, text, end = row.session_key, row.session_data, row.expire_date
    with site.app.app_context():
        store = site.sessions.store
        write = store.engine.write
        monkeypatch.setattr(
            store.engine, "write", lambda *given, **more: min(-1, -write(*given, **more))
        )
        assert not store.replace(key, text.swapcase(), "other", end)
        assert store.replace(key, text, "other", end)
        assert not store.replace(key, text, "another", end)


@on_every_database
@pytest.mark.parametrize("size", [4000, 5000, 300_000])
def test_long_texts_are_compared_as_well(site: Site, size: int) -> None:
    one = site.sessions.session()
    one["page"] = "".join(chr(33 + number * number % 90) for number in range(size))
    one.save()
    ours, theirs = (site.sessions.session(one.session_key) for _ in range(2))
    ours["a"], theirs["b"] = 1, 2
    theirs.save()
    ours.save()
    ours["c"] = 3
    ours.save()
    assert stored(site, one) == {"page": one["page"], "a": 1, "b": 2, "c": 3}


def test_with_the_default_the_later_save_wins_as_in_django(make_site: MakeSite) -> None:
    site = make_site()
    one = site.sessions.session()
    one.create()
    first, second = (site.sessions.session(one.session_key) for _ in range(2))
    first["a"], second["b"] = 1, 1
    first.save()
    second.save()
    assert stored(site, one) == {"b": 1}


@on_every_database
@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_what_was_ended_meanwhile_stays_ended(
    site: Site, ours: DjangoSession, theirs: DjangoSession, step: Step
) -> None:
    theirs.flush()
    with pytest.raises(UpdateError):
        step(ours)
    assert site.rows() == []


@on_every_database
def test_a_login_takes_along_what_was_stored_meanwhile(
    site: Site, ours: DjangoSession, theirs: DjangoSession
) -> None:
    old = ours.session_key
    theirs["cart"] = ["tea", "milk"]
    theirs.save()
    ours.cycle_key()
    assert ours.session_key != old
    assert stored(site, ours) == {"cart": ["tea", "milk"], "visits": 1, "seen": ["a"]}
    assert len(site.rows()) == 1
    with pytest.raises(UpdateError):
        theirs.save()


def test_a_logout_wins_over_what_others_change(
    site: Site, ours: DjangoSession, theirs: DjangoSession
) -> None:
    theirs["cart"] = []
    theirs.save()
    ours.flush()
    assert site.rows() == []


def test_clear_drops_also_what_others_have_stored(
    site: Site, ours: DjangoSession, theirs: DjangoSession
) -> None:
    theirs["cart"] = []
    theirs.save()
    ours.clear()
    ours["new"] = 1
    ours.save()
    assert stored(site, ours) == {"new": 1}


def test_a_session_whose_login_was_ended_by_hand_is_interrupted(
    site: Site, ours: DjangoSession
) -> None:
    ours["_auth_user_id"] = "1"
    ours.save()
    theirs = site.sessions.session(ours.session_key)
    theirs.clear()
    theirs.save()
    ours["secret"] = "for ann alone"
    with pytest.raises(UpdateError, match="another login"):
        ours.save()
    assert stored(site, ours) == {}


@pytest.mark.usefixtures("clock")
def test_row_and_cookie_end_with_the_merged_data(site: Site, ours: DjangoSession) -> None:
    @site.app.get("/")
    def change() -> str:
        session["a"] = 1
        other = site.sessions.session(ours.session_key)
        other.set_expiry(60)
        other.save()
        return "changed"

    client = site.client
    client.set_cookie("sessionid", ours.session_key or "")
    answer = client.get("/")
    (row,) = site.rows()
    assert row.expire_date == NOW + timedelta(seconds=60)
    assert "Max-Age=60;" in answer.headers["Set-Cookie"]


def test_a_change_in_place_counts_as_one(
    site: Site, ours: DjangoSession, theirs: DjangoSession
) -> None:
    theirs["color"] = "blue"
    theirs.save()
    ours["cart"].append("milk")
    ours.modified = True
    ours.save()
    assert stored(site, ours)["cart"] == ["tea", "milk"]
    assert stored(site, ours)["color"] == "blue"


def test_each_save_of_a_request_merges_what_came_since_the_last(
    site: Site, ours: DjangoSession, theirs: DjangoSession
) -> None:
    for _ in range(3):
        theirs["visits"] += 1
        theirs.save()
        ours["visits"] += 1
        ours.save()
    assert stored(site, ours)["visits"] == 7


def test_a_merger_may_delete_the_item(make_site: MakeSite) -> None:
    site = make_site(SESSION_CONCURRENCY="merge", extension={"mergers": {"n": lambda *_: MISSING}})
    one = site.sessions.session()
    one.create()
    first, second = (site.sessions.session(one.session_key) for _ in range(2))
    first["n"] = second["n"] = 1
    first.save()
    second.save()
    assert stored(site, one) == {}


def test_nothing_more_is_asked_of_the_database_where_nobody_is_in_the_way(
    site: Site, ours: DjangoSession
) -> None:
    statements: list[str] = []
    with site.app.app_context():
        sa.event.listen(
            site.db.engine,
            "before_cursor_execute",
            lambda *arguments: statements.append(arguments[2].split()[0]),
        )

    @site.app.get("/")
    def count() -> str:
        session["visits"] += 1
        return "counted"

    client = site.client
    client.set_cookie("sessionid", ours.session_key or "")
    client.get("/")
    assert statements == ["SELECT", "UPDATE"]


def test_others_that_are_quicker_each_time_end_in_a_plain_error(
    site: Site, ours: DjangoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests = list[float]()
    monkeypatch.setattr(time, "sleep", rests.append)
    with site.app.app_context():
        store = site.sessions.store
    replace, number = store.replace, iter(range(10**6))

    def after_another(key: str, *values: Any, **columns: Any) -> bool:
        other = site.sessions.session(key)
        other["number"] = next(number)
        monkeypatch.setattr(store, "replace", replace)
        other.save()
        monkeypatch.setattr(store, "replace", after_another)
        return replace(key, *values, **columns)

    monkeypatch.setattr(store, "replace", after_another)
    ours["a"] = 1
    with pytest.raises(ConflictError, match="each of 100 attempts") as raised:
        ours.save()
    assert raised.value.attempts == 100
    assert 0 <= min(rests) < max(rests) < 0.1
    assert "a" not in stored(site, ours)


def test_who_leaves_a_row_that_is_gone_waits_for_nobody(
    site: Site, ours: DjangoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests = list[float]()
    monkeypatch.setattr(time, "sleep", rests.append)
    with site.app.app_context():
        assert site.sessions.store.delete(ours.session_key or "")
    with pytest.raises(SessionInterrupted):
        ours.cycle_key()
    assert (rests, site.rows()) == ([], [])


def test_a_text_that_cannot_be_read_by_now_is_told_and_written_over(
    site: Site, ours: DjangoSession, caplog: pytest.LogCaptureFixture
) -> None:
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE django_session SET session_data = 'damaged'"))
    ours["a"] = 1
    with caplog.at_level(logging.WARNING):
        ours.save()
    assert "corrupted" in caplog.text
    assert stored(site, ours) == {"a": 1}


@on_every_database
def test_the_messages_of_two_tabs_are_both_shown(site: Site) -> None:
    @site.app.get("/flash/<text>")
    def begin(text: str) -> str:
        flash(text)
        other = site.sessions.session(session.session_key)  # type: ignore[attr-defined]
        if other.session_key:
            other["_flashes"] = [("message", "from another tab")]
            other.save()
        return "flashed"

    @site.app.get("/")
    def show() -> list[Any]:
        return get_flashed_messages()

    client = site.client
    client.get("/flash/first")
    assert client.get("/").json == ["first"]
    client.get("/flash/second")
    assert client.get("/").json == ["from another tab", "second"]


@pytest.mark.slow
@on_every_database
def test_no_visit_of_two_hundred_at_once_is_lost(site: Site, ours: DjangoSession) -> None:
    @site.app.get("/<int:number>")
    def count(number: int) -> str:
        session["visits"] += 1
        session[f"tab{number}"] = True
        return "counted"

    def visit(number: int) -> int:
        client = site.app.test_client()
        client.set_cookie("sessionid", ours.session_key or "")
        return client.get(f"/{number}").status_code

    with ThreadPoolExecutor(16) as pool:
        assert {*pool.map(visit, range(200))} == {200}
    data = stored(site, ours)
    assert data["visits"] == 201
    assert sum(name.startswith("tab") for name in data) == 200


def test_what_django_stored_is_kept_and_django_reads_what_was_merged(
    make_site: MakeSite, django: LiveDjango
) -> None:
    site = make_site(table=False, SESSION_CONCURRENCY="merge")
    theirs = django.store()
    theirs.create()
    ours = site.sessions.session(theirs.session_key)
    ours["size"] = "XL"
    theirs["color"] = "blue"
    theirs.save()
    ours.save()
    again = django.store(ours.session_key)
    assert (again["color"], again["size"]) == ("blue", "XL")


def test_mergers_that_cannot_be_called_are_refused(make_site: MakeSite) -> None:
    with pytest.raises(TypeError, match="merger of 'n' is a int"):
        make_site(SESSION_CONCURRENCY="merge", extension={"mergers": {"n": 1}})


def test_mergers_that_are_never_called_are_warned_of(make_site: MakeSite) -> None:
    with pytest.warns(UserWarning, match="'mergers' are never called"):
        make_site(extension={"mergers": {"n": add}})


def test_what_nobody_could_read_when_it_was_loaded_counts_as_nothing(
    site: Site, ours: DjangoSession
) -> None:
    (row,) = site.rows()
    with site.app.app_context():
        store = site.sessions.store
        store.update(row.session_key, "no session", row.expire_date)
        late = site.sessions.session(row.session_key)
        assert "cart" not in late
        store.update(row.session_key, row.session_data, row.expire_date)
    late["size"] = "XL"
    late.save()
    assert stored(site, late) == {"cart": ["tea"], "visits": 1, "seen": ["a"], "size": "XL"}


def test_safe_html_that_was_flashed_before_is_not_taken_for_a_change(site: Site) -> None:
    one = site.sessions.session()
    one["_flashes"] = [("message", Markup("<b>before</b>"))]
    one.save()
    ours, theirs = (site.sessions.session(one.session_key) for _ in range(2))
    assert len(ours["_flashes"]) == 1
    del theirs["_flashes"]
    theirs.save()
    ours["size"] = "XL"
    ours.save()
    assert stored(site, ours) == {"size": "XL"}


@pytest.mark.parametrize("database_url", EVERY_MARIADB, indirect=True)
def test_a_row_that_need_not_change_has_not_been_changed_by_another(
    make_site: MakeSite, database_url: sa.URL, clock: object
) -> None:
    # Such a connection counts the rows that change, and not those that are found.
    site = make_site(
        SESSION_CONCURRENCY="merge", options={"creator": lambda: connect_raw(database_url)}
    )
    with site.app.app_context():
        one = site.sessions.session()
        one["n"] = 1
        one.save()
        again = site.sessions.session(one.session_key)
        assert again["n"] == 1
        with counted(site) as statements:
            again.save()
        # A driver that asks for the rows that are found by itself needs one.
        assert [one.split()[0] for one in statements] in (["UPDATE"], ["UPDATE", "SELECT"])
