"""Whose each session is: by the index, kept up to date with what others write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from flask_dj_session.index import Found, SessionIndex, index_of
from flask_dj_session.index.filling import Filled, Filling
from flask_dj_session.site import site_of
from flask_dj_session.wire import PickleSerializer, SessionCodec

from ..conftest import NOW, MakeSite, Site
from ..databases import EVERY_DATABASE
from ..live_django import SECRET_KEY
from .conftest import TWO_WEEKS, Keys, Put, key_of

on_every_database = pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)


@contextmanager
def reading(site: Site) -> Iterator[list[str]]:
    """Collect the statements on sessions that read their texts."""
    seen: list[str] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if "session_data" in statement and statement.startswith("SELECT"):
            seen.append(str(parameters))

    with site.app.app_context():
        engine = site.db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def found_of(site: Site, index: SessionIndex, user: str = "7") -> list[Found]:
    """Return what is known of the sessions of a user."""
    with site.app.app_context():
        return [found for page in index.of_user(user) for found in page]


@pytest.fixture
def slow(index: SessionIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a look at all rows take so long that it is done now and then only."""
    monkeypatch.setattr("flask_dj_session.index.looking._QUICK", -1.0)


# Found


@on_every_database
def test_the_rows_of_a_user_are_found_and_those_of_others_are_not(put: Put, keys: Keys) -> None:
    put("a", user="7"), put("b", user="77"), put("c"), put("d", user="7", age=1800)
    assert keys("7") == ["a", "d"]
    put("e", user="7")
    assert keys("7") == ["a", "d", "e"]


@on_every_database
def test_a_row_is_read_once_and_then_known(
    site: Site, index: SessionIndex, put: Put, keys: Keys
) -> None:
    put("a", user="8"), put("b"), put("c", user="7")
    keys("7")
    with reading(site) as texts:
        assert keys("7") == ["c"]
    assert [text for text in texts if key_of("a") in text or key_of("b") in text] == []
    assert len(texts) == 1


@on_every_database
def test_nobodys_row_is_looked_at_again_while_a_login_may_be_under_way(
    site: Site, put: Put, keys: Keys
) -> None:
    put("a", ago=10)  # Django has moved the session to a new key, and not stored its user yet
    assert keys("7") == []
    text = SessionCodec(SECRET_KEY).encode({"_auth_user_id": "7"}, NOW)
    with site.app.app_context():
        site.sessions.store.update(key_of("a"), text, NOW + timedelta(days=14))
    assert keys("7") == ["a"]


@pytest.mark.parametrize(("ago", "is_entered"), [(299, False), (300, False), (301, True)])
def test_nobodys_row_is_entered_once_it_is_older_than_five_minutes(
    site: Site,
    index: SessionIndex,
    put: Put,
    clock: time_machine.Traveller,
    ago: int,
    *,
    is_entered: bool,
) -> None:
    clock.move_to(NOW.replace(microsecond=0))  # as the time of a save is stored
    key = put("a", ago=ago)
    with site.app.app_context():
        reader = index.reader()
        (row,) = (reader.read(row) for page in site.sessions.store.rows_of([key]) for row in page)
    assert (reader.entry_of(row) is not None) == is_entered


@on_every_database
def test_rows_that_are_gone_or_anothers_by_now_are_not_found_nor_kept(
    site: Site, index: SessionIndex, put: Put, keys: Keys
) -> None:
    put("a", user="7"), put("b", user="7"), put("c", user="7")
    keys("7")
    changed = SessionCodec(SECRET_KEY).encode({"_auth_user_id": "8"}, NOW)
    with site.app.app_context():
        site.sessions.store.delete(key_of("a"))
        site.sessions.store.update(key_of("b"), changed, NOW + timedelta(days=14))
    assert (keys("7"), keys("8")) == (["c"], ["b"])
    with site.app.app_context():
        assert [one.session_key for one in index.entries.of_user("7")] == [key_of("c")]


@on_every_database
@pytest.mark.parametrize("user", ["", "Žofie", "x" * 300, "a b", "?", "sha256:1", "a\0b", "\udcff"])
def test_an_id_of_any_kind_is_found_again(put: Put, keys: Keys, user: str) -> None:
    put("a", user=user), put("b", user=user.upper() + "!")
    assert keys(user) == ["a"]


def test_more_rows_than_are_compared_at_a_time_are_all_found(
    put: Put, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_dj_session.index.looking._KEYS", 2)
    for name in "abcdefg":
        put(name, user=None if name in "bd" else "7", ago=1)
    assert keys("7") == ["a", "c", "e", "f", "g"]


def test_rows_that_get_no_entry_yet_are_read_once_in_a_look(
    site: Site, index: SessionIndex, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_dj_session.index.looking._KEYS", 3)
    for name in "abcdefgh":
        put(name, ago=1)
    with reading(site) as texts, site.app.app_context():
        assert index.by_index.look(index.reader(), TWO_WEEKS, exactly=True) == 0
    assert [sum(key_of(name) in text for text in texts) for name in "abcdefgh"] == [1] * 8


# When it began


def test_the_time_of_a_login_elsewhere_is_a_time_at_which_it_was_over(
    site: Site, index: SessionIndex, put: Put
) -> None:
    put("a", user="7", ago=7200)
    (found,) = found_of(site, index)
    whole = NOW.replace(microsecond=0) - timedelta(seconds=7200)
    assert (found.created, found.is_login_seen) == (whole, False)


@on_every_database
def test_a_row_of_before_django_3_1_tells_no_time_and_is_found(
    site: Site, put: Put, keys: Keys
) -> None:
    text = SessionCodec(SECRET_KEY, algorithm="sha1").encode({"_auth_user_id": "7"}, NOW)
    with site.app.app_context():
        site.sessions.store.insert(key_of("a"), text, NOW + timedelta(days=3))
    put("b", user="7")
    assert keys("7") == ["a", "b"]


@pytest.mark.parametrize(
    "expiry", [{}, {"_session_expiry": 600}, {"_session_expiry": 1}], ids=["all", "own", "short"]
)
@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
def test_when_an_end_was_moved_is_reckoned_from_how_long_the_session_lasts(
    site: Site, index: SessionIndex, clock: time_machine.Traveller, expiry: Any, algorithm: Any
) -> None:
    site.app.config["SESSION_TOUCH_AFTER"] = 60
    saved, moved = NOW.replace(microsecond=0) - timedelta(hours=1), NOW - timedelta(minutes=3)
    data = {"_auth_user_id": "7", **expiry}
    text = SessionCodec(SECRET_KEY, algorithm=algorithm).encode(data, saved)
    end = moved + timedelta(seconds=expiry.get("_session_expiry", TWO_WEEKS))
    with site.app.app_context():
        site.sessions.store.insert(key_of("a"), text, end)
        reader = index.reader()
        ((row,),) = ([*map(reader.read, page)] for page in site.sessions.store.pages(size=9))
    # A text of before Django 3.1 does not say when it was signed.
    assert reader.last_saved(row) == (saved if algorithm == "sha256" else moved)
    assert reader.last_seen(row) == moved


def test_an_entry_of_nobody_tells_of_no_login(site: Site, index: SessionIndex, put: Put) -> None:
    put("a"), put("b", key="the key of last year")
    with site.app.app_context():
        index.by_index.look(index.reader(), TWO_WEEKS, exactly=True)
        known = index.entries.of_keys([key_of("a"), key_of("b")])
    assert [known[key_of(name)].is_login_seen for name in "ab"] == [False, False]


def test_a_login_that_has_left_its_time_in_the_session_is_known_by_that(
    site: Site, index: SessionIndex, put: Put
) -> None:
    put("a", user="7", _auth_login_time=1_700_000_000)
    (found,) = found_of(site, index)
    assert found.is_login_seen
    assert found.created is not None
    assert found.created.timestamp() == 1_700_000_000


@pytest.mark.parametrize("time", [-1, True, "1700000000", 10**20])
def test_what_is_no_time_of_a_login_is_none(
    site: Site, index: SessionIndex, put: Put, time: Any
) -> None:
    put("a", user="7", _auth_login_time=time)
    assert not found_of(site, index)[0].is_login_seen


@on_every_database
@pytest.mark.parametrize(
    "age",
    [float("inf"), float("nan"), 1e300, 10**400, 2.5e11, -1, True, "2026-11-30T12:00:00+00:00"],
    ids=["inf", "nan", "float", "int", "years", "negative", "bool", "date"],
)
def test_an_age_that_no_session_can_have_ends_no_search(put: Put, keys: Keys, age: Any) -> None:
    put("a", user="7", _session_expiry=age), put("b", user="7")
    assert keys("7") == ["a", "b"]
    assert keys("7", exactly=True) == ["a", "b"]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("seconds", [0, 253_402_300_799])
def test_the_first_and_the_last_time_there_is_end_no_search(
    make_site: MakeSite, zone: str, seconds: int
) -> None:
    site = make_site(USE_TZ=False, TIME_ZONE=zone)
    index, now = index_of(site_of(site.app)), site_of(site.app).now()
    data = {"_auth_user_id": "7", "_auth_login_time": seconds}
    with site.app.app_context():
        text = SessionCodec(SECRET_KEY).encode(data, now)
        site.sessions.store.insert(key_of("a"), text, now + timedelta(days=1))
        index.entries.create()
        ((found,),) = index.of_user("7")
    assert found.is_login_seen is (seconds == 0)


def test_a_login_here_is_known_with_its_time_and_where_it_came_from(
    site: Site, index: SessionIndex, put: Put
) -> None:
    key = put("a", user="7", ago=0)
    with site.app.app_context():
        index.enter_login(key, "7", "192.0.2.0/24", "Firefox on Linux")
    (found,) = found_of(site, index)
    assert found[1:] == (NOW, True, "192.0.2.0/24", "Firefox on Linux")


# Between two looks at all rows


@on_every_database
@pytest.mark.usefixtures("slow")
def test_new_rows_are_found_by_when_they_end(
    site: Site, put: Put, keys: Keys, clock: time_machine.Traveller
) -> None:
    put("a", user="7"), put("b", user="7", age=600, _session_expiry=600)
    assert keys("7") == ["a", "b"]
    clock.shift(60)
    put("c", user="7", ago=1), put("d", user="7", ago=1, age=600, _session_expiry=600)
    assert keys("7") == ["a", "b", "c", "d"]


@on_every_database
@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("ago", [299, -299], ids=["before", "after"])
def test_a_new_row_is_found_though_it_seems_to_be_of_another_time(
    put: Put, keys: Keys, ago: float
) -> None:
    put("a", user="7")
    assert keys("7") == ["a"]
    # By a clock that differs, or in a transaction that was open for so long.
    put("b", user="7", ago=ago)
    assert keys("7") == ["a", "b"]


@pytest.mark.parametrize(
    ("seconds", "age"),
    [
        *((-1, None), (0, 0), (29, 0), (31, 60)),
        *((3600, 3600), (3629, 3600), (3631, 3660), (TWO_WEEKS + 59, None)),
        *((TWO_WEEKS + 61, 1209660), (100 * 365 * 86400, 100 * 365 * 86400)),
    ],
)
def test_how_long_sessions_last_is_learnt_to_the_minute(
    site: Site, index: SessionIndex, put: Put, seconds: int, age: int | None
) -> None:
    key = put("a", ago=0, age=seconds)
    with site.app.app_context():
        reader = index.reader()
        (row,) = (reader.read(row) for page in site.sessions.store.rows_of([key]) for row in page)
    assert reader.other_age(row) == age


@pytest.mark.parametrize(
    ("more", "is_learnt"), [(59, False), (60, True), (-59, False), (-60, True)]
)
def test_what_a_session_says_of_how_long_it_lasts_is_learnt_from_a_minute_on(
    site: Site, index: SessionIndex, put: Put, more: int, *, is_learnt: bool
) -> None:
    key = put("a", ago=0, _session_expiry=TWO_WEEKS + more)
    with site.app.app_context():
        reader = index.reader()
        (row,) = (reader.read(row) for page in site.sessions.store.rows_of([key]) for row in page)
    assert reader.other_age(row) == (TWO_WEEKS + more if is_learnt else None)


def test_where_very_many_rows_end_at_that_time_all_are_compared(
    put: Put, keys: Keys, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_dj_session.index.looking._QUICK", 0.0)
    monkeypatch.setattr("flask_dj_session.index.looking._MOST_IN_SPANS", 2)
    put("a", user="7")
    assert keys("7") == ["a"]
    put("b", ago=0, user="7"), put("c", ago=0, user="7")
    assert keys("7") == ["a", "b", "c"]
    put("d", ago=0, user="7"), put("odd", ago=0, user="7", age=60)
    assert keys("7") == ["a", "b", "c", "d", "odd"]


@pytest.mark.parametrize("key", [b"\xff" * 8, b"bytes", 7, 7.5], ids=repr)
def test_a_new_row_with_an_odd_key_ends_no_question(
    site: Site, put: Put, keys: Keys, monkeypatch: pytest.MonkeyPatch, key: Any
) -> None:
    monkeypatch.setattr("flask_dj_session.index.looking._QUICK", 0.0)
    put("a", user="8")
    assert keys("8") == ["a"]
    with site.app.app_context(), site.db.engine.begin() as connection:
        as_text = sa.cast(sa.literal(key, sa.LargeBinary), sa.Text) if key == b"\xff" * 8 else key
        copy = sa.text("SELECT session_data, expire_date FROM django_session")
        ((data, end),) = connection.execute(copy).all()
        insert = sa.text("INSERT INTO django_session VALUES (:key, :data, :end)")
        connection.execute(insert, {"key": "place", "data": data, "end": end})
        table = site.sessions.store.table
        change = sa.update(table).where(table.c.session_key == "place")
        connection.execute(change.values(session_key=sa.type_coerce(as_text, sa.types.NullType())))
    put("b", ago=0, user="7")
    assert keys("7") == ["b"]
    assert keys("7", exactly=True) == ["b"]


@on_every_database
@pytest.mark.usefixtures("slow")
def test_the_other_cookie_age_of_a_django_is_learnt(
    put: Put, keys: Keys, clock: time_machine.Traveller
) -> None:
    put("a", user="7", age=8 * 3600)
    keys("7")
    clock.shift(60)
    put("b", user="7", ago=1, age=8 * 3600)
    assert keys("7") == ["a", "b"]


@on_every_database
@pytest.mark.usefixtures("slow")
def test_a_row_of_an_unusual_age_is_found_where_all_are_asked_for_or_after_a_while(
    site: Site, index: SessionIndex, put: Put, keys: Keys, clock: time_machine.Traveller
) -> None:
    put("a", user="7")
    keys("7")
    put("b", user="7", ago=1, age=4321, _session_expiry=4321)
    assert keys("7") == ["a"]
    assert len(found_of(site, index)) == 1  # nobody need ask for it
    assert len(found_of(site, SessionIndex(site_of(site.app)))) == 1  # nor another process
    assert keys("7", exactly=True) == ["a", "b"]
    put("c", user="7", ago=1, age=86400, _session_expiry=86400)
    assert keys("7") == ["a", "b"]
    clock.shift(15 * 60 - 1)
    assert keys("7") == ["a", "b"]
    clock.shift(1)
    assert keys("7") == ["a", "b", "c"]


@on_every_database
@pytest.mark.usefixtures("slow")
def test_an_unusual_age_that_all_rows_were_asked_for_is_known_from_then_on(
    put: Put, keys: Keys, clock: time_machine.Traveller
) -> None:
    put("a", user="7")
    assert keys("7") == ["a"]
    put("b", user="7", ago=1, age=4321, _session_expiry=4321)
    assert keys("7", exactly=True) == ["a", "b"]
    put("c", user="7", ago=1, age=4321, _session_expiry=4321)
    assert keys("7") == ["a", "b", "c"]


@pytest.mark.usefixtures("slow")
def test_an_unusual_age_of_a_row_that_ends_as_usual_is_known_from_then_on(
    put: Put, keys: Keys, clock: time_machine.Traveller
) -> None:
    put("a", user="7")
    assert keys("7") == ["a"]
    put("b", user="7", ago=1, _session_expiry=4321)  # no Django stores it so
    assert keys("7") == ["a", "b"]
    put("c", user="7", ago=1, age=4321, _session_expiry=4321)
    assert keys("7") == ["a", "b", "c"]


def test_a_look_that_takes_no_time_is_noted_when_the_last_note_is_old(
    index: SessionIndex, site: Site, put: Put, keys: Keys, clock: time_machine.Traveller
) -> None:
    def noted() -> datetime:
        with site.app.app_context():
            note = index.entries.looked_at()
        assert note is not None
        return note.created

    put("a", user="7")
    keys("7")
    first = noted()
    clock.shift(15 * 60 - 1)
    keys("7")
    assert noted() == first
    clock.shift(1)
    keys("7")
    assert noted() == first + timedelta(minutes=15)


@pytest.mark.usefixtures("slow")
def test_few_ages_are_noted_and_the_last_ones_stay(
    site: Site, index: SessionIndex, put: Put, keys: Keys
) -> None:
    for number in range(1, 20):
        put(f"a{number:02}", user="7", age=number * 600, _session_expiry=number * 600)
    keys("7")
    with site.app.app_context():
        note = index.entries.looked_at()
    assert note is not None
    assert note.user_agent == "7200 7800 8400 9000 9600 10200 10800 11400"


# What cannot be read


@on_every_database
@pytest.mark.parametrize("quick", [60.0, -1.0])
def test_what_cannot_be_read_is_counted_and_read_again_with_other_keys(
    site: Site,
    index: SessionIndex,
    put: Put,
    keys: Keys,
    monkeypatch: pytest.MonkeyPatch,
    quick: float,
) -> None:
    monkeypatch.setattr("flask_dj_session.index.looking._QUICK", quick)
    put("a", user="7", key="the key of last year"), put("b", user="7")
    assert keys("7") == ["b"]
    with site.app.app_context():
        assert index.by_index.unreadable(index.reader()) == 1
    site.app.config["SECRET_KEY_FALLBACKS"] = ["the key of last year"]
    assert keys("7") == ["a", "b"]
    with site.app.app_context():
        assert index.by_index.unreadable(index.reader()) == 0


@on_every_database
def test_what_cannot_be_read_is_read_again_with_another_serializer(
    site: Site, index: SessionIndex, keys: Keys
) -> None:
    now, pickles = site_of(site.app).now(), PickleSerializer()
    text = SessionCodec(SECRET_KEY, serializer=pickles).encode({"_auth_user_id": "7"}, now)
    with site.app.app_context():
        site.sessions.store.insert(key_of("a"), text, now + timedelta(days=1))
        assert keys("7") == []
        assert index.by_index.unreadable(index.reader()) == 1
    site.app.config["SESSION_SERIALIZER"] = "pickle"
    assert keys("7") == ["a"]


# Filled, and compared


@on_every_database
def test_all_rows_are_entered_and_what_is_gone_is_removed(
    site: Site, index: SessionIndex, put: Put, keys: Keys, clock: time_machine.Traveller
) -> None:
    put("a", user="7"), put("b"), put("c", user="7")
    assert keys("7") == ["a", "c"]
    with site.app.app_context():
        site.sessions.store.delete(key_of("c"))
    put("d", user="7")
    with site.app.app_context():
        index.by_index.note_all(index.reader(), set())
        before = index.entries.looked_at()
    clock.shift(60)
    assert fill(site, index, verifies=False) == Filled(entered=1, removed=1)
    with site.app.app_context():
        assert index.entries.looked_at() != before  # nobody need compare all rows again
    assert keys("7") == ["a", "d"]


@on_every_database
@pytest.mark.usefixtures("slow")
def test_an_index_that_is_brought_up_to_date_has_rows_of_an_unusual_age(
    site: Site, index: SessionIndex, put: Put, keys: Keys
) -> None:
    put("a", user="7")
    keys("7")
    put("b", user="7", ago=1, age=4321, _session_expiry=4321)
    with site.app.app_context():
        filling = Filling(site.sessions.store, index.entries, index.by_index)
        filling.update(index.reader(), TWO_WEEKS)
    assert filling.done == Filled(entered=1)
    assert keys("7") == ["a", "b"]


@on_every_database
def test_a_user_who_was_changed_by_hand_is_found_by_comparing(
    site: Site, index: SessionIndex, put: Put, keys: Keys
) -> None:
    put("a", user="7"), put("b", user="8"), put("c")
    assert keys("7") == ["a"]
    with site.app.app_context():
        for name, user in (("b", "7"), ("c", "7")):
            text = SessionCodec(SECRET_KEY).encode({"_auth_user_id": user}, NOW)
            site.sessions.store.update(key_of(name), text, NOW + timedelta(days=14))
    assert keys("7", exactly=True) == ["a"]
    assert fill(site, index, verifies=True) == Filled(entered=2, mended=2)
    assert keys("7") == ["a", "b", "c"]
    assert fill(site, index, verifies=True) == Filled()


@on_every_database
@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("exactly", [True, False])
def test_a_look_tells_how_many_are_new(
    site: Site, index: SessionIndex, put: Put, *, exactly: bool
) -> None:
    def look() -> int:
        with site.app.app_context():
            return index.by_index.look(index.reader(), TWO_WEEKS, exactly=exactly)

    assert look() == 0
    put("a", user="7", ago=1), put("b", user="8", ago=1), put("c", user="9", ago=1)
    assert (look(), look()) == (3, 0)


def fill(site: Site, index: SessionIndex, *, verifies: bool) -> Filled:
    """Compare all rows."""
    with site.app.app_context():
        filling, advanced = Filling(site.sessions.store, index.entries, index.by_index), [0]
        filling.fill(index.reader(), advanced.append, verifies=verifies)
    assert sum(advanced) == len(site.rows())  # for a bar on the screen
    return filling.done


@on_every_database
def test_entries_of_rows_that_are_gone_are_looked_for_once_a_day(
    site: Site,
    index: SessionIndex,
    put: Put,
    keys: Keys,
    clock: time_machine.Traveller,
    slow: None,
) -> None:
    put("a", user="7"), put("b", user="7"), put("c", user="8")
    assert keys("7", exactly=True) == ["a", "b"]
    clock.shift(timedelta(days=1))
    keys("7", exactly=True)
    with site.app.app_context():
        site.sessions.store.delete(key_of("c"))
        keys("7", exactly=True)
        assert [one.session_key for one in index.entries.of_user("8")] == [key_of("c")]
        clock.shift(timedelta(days=1))
        keys("7", exactly=True)
        assert index.entries.of_user("8") == []


# Without an index


@on_every_database
def test_without_an_index_all_rows_are_read(site: Site, put: Put) -> None:
    put("a", user="7"), put("b", user="8")
    index = index_of(site_of(site.app))
    assert [found.row.user_id for found in found_of(site, index)] == ["7"]
    with site.app.app_context():
        assert not index.answers


@on_every_database
def test_an_index_that_is_removed_meanwhile_is_done_without(
    site: Site, index: SessionIndex, put: Put, keys: Keys
) -> None:
    put("a", user="7")
    assert keys("7") == ["a"]
    with site.app.app_context():
        index.entries.drop()
    assert keys("7") == ["a"]
    with site.app.app_context():
        assert index.count_unreadable() == 0
        assert not index.answers


@on_every_database
def test_a_login_is_entered_as_soon_as_the_process_has_noticed_the_table(
    site: Site, put: Put, clock: time_machine.Traveller, caplog: pytest.LogCaptureFixture
) -> None:
    index = index_of(site_of(site.app))
    key = put("a", user="7", ago=0)
    with site.app.app_context():
        index.enter_login(key, "7", None, None)
        index.entries.create()
        index.enter_login(key, "7", None, None)
        assert index.entries.of_user("7") == []
        clock.shift(60)
        index.enter_login(key, "7", None, None)
        assert [one.session_key for one in index.entries.of_user("7")] == [key]
    said = (
        "Table 'flask_dj_session_index' is not in the database, so logins leave no time and no"
        " address there. Create it with 'flask sessions index'."
    )
    assert [record.message for record in caplog.records] == [said]


@on_every_database
def test_a_login_does_not_fail_where_no_entry_can_be_made(
    site: Site, index: SessionIndex, put: Put, caplog: pytest.LogCaptureFixture
) -> None:
    key = put("a", user="7", ago=0)
    with site.app.app_context():
        assert index.is_there()
        index.entries.drop()
        index.enter_login(key, "7", None, None)
        index.enter_login(key, "7", None, None)
        index.enter_login(key, "7", None, None)
    said = [record.message.partition(":")[0] for record in caplog.records]
    assert said[0] == "A login is not in the index of the sessions"
    assert len(said) == 2  # then the table is missed, once
    assert key not in caplog.text


def test_dates_are_kept_in_the_clock_of_the_site(make_site: MakeSite) -> None:
    site = make_site(USE_TZ=False, TIME_ZONE="Asia/Kolkata")
    index = index_of(site_of(site.app))
    moment = datetime(2026, 11, 23, 12, tzinfo=NOW.tzinfo)
    with site.app.app_context(), time_machine.travel(moment, tick=False):
        index.entries.create()
        index.enter_login(key_of("a"), "7", None, None)
        assert index.entries.of_user("7")[0].created == moment
        with site.db.engine.connect() as connection:
            stored = connection.exec_driver_sql("SELECT created FROM flask_dj_session_index")
            assert str(stored.scalar()) == "2026-11-23 17:30:00"


def test_without_an_index_a_session_that_moves_is_no_matter(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    with site.app.app_context():
        index_of(site_of(site.app)).move("k" * 32, "l" * 32)
    told = [record.getMessage() for record in caplog.records]
    assert [text.startswith("Table 'flask_dj_session_index' is not in") for text in told] == [True]
