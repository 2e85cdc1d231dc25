"""SESSION_TOUCH_AFTER: an unchanged session lasts longer, and nothing else of its row changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import abort, session
from werkzeug.test import TestResponse

from flask_dj_session import DjangoSession
from flask_dj_session.index import index_of
from flask_dj_session.inspector import Inspector
from flask_dj_session.site import site_of

from .conftest import NOW, MakeSite, Site
from .databases import EVERY_DATABASE, EVERY_SERVER
from .live_django import LiveDjango, on_database

pytestmark = pytest.mark.usefixtures("clock")

AGE = 1_209_600
HOUR = 3600

every_database = pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)


class Visit:
    """A visitor with a session, and pages that look at it."""

    def __init__(self, site: Site, *, listens: bool = True, **data: Any) -> None:
        self.site = site
        self.meanwhile: Callable[[], object] = lambda: None
        self._noted: list[str] = []
        #: the statements of the last visit
        self.seen: list[str] = []
        app = site.app
        app.config["PROPAGATE_EXCEPTIONS"] = False
        app.add_url_rule("/", "look", self._look)
        app.add_url_rule("/away", "away", lambda: "away")
        app.add_url_rule("/fails", "fails", lambda: abort(500 + len(session.get("none", ""))))
        with app.app_context():
            stored = site.sessions.session()
            for name, value in {"n": 1, **data}.items():
                stored[name] = value
            stored.save()
            if listens:
                sa.event.listen(site.db.engine, "before_cursor_execute", self._note)
        self.key = stored.session_key or ""

    def _look(self) -> str:
        found = str(session.get("n"))
        self.meanwhile()
        return found

    def _note(self, _: object, __: object, statement: str, *___: object) -> None:
        self._noted.append(statement)

    def get(self, path: str = "/") -> TestResponse:
        """Come back."""
        client = self.site.app.test_client()
        client.set_cookie("sessionid", self.key)
        self._noted.clear()
        response = client.get(path)
        self.seen = [*self._noted]
        return response

    @property
    def statements(self) -> list[str]:
        """The kinds of the last visit's statements."""
        return [one.split()[0] for one in self.seen]

    @property
    def row(self) -> tuple[str, datetime]:
        """The text, and when it ends."""
        (row,) = self.site.rows()
        return row.session_data, row.expire_date

    def stored(self) -> DjangoSession:
        """Return the same session in another request."""
        with self.site.app.app_context():
            return self.site.sessions.session(self.key)


MakeVisit = Callable[..., Visit]


@pytest.fixture
def make_visit(make_site: MakeSite) -> MakeVisit:
    """Return what makes a visitor of an app where sessions are touched after an hour."""

    def make(data: dict[str, Any] | None = None, **config: Any) -> Visit:
        return Visit(make_site(**{"SESSION_TOUCH_AFTER": HOUR, **config}), **(data or {}))

    return make


@pytest.fixture
def visit(make_visit: MakeVisit) -> Visit:
    """Return a visitor whose session was saved just now."""
    return make_visit()


@pytest.fixture
def live(database_url: sa.URL) -> Iterator[LiveDjango]:
    """Return a Django on the same database, and on a table of ours."""
    with on_database(database_url) as live:
        yield live


def _ends(visit: Visit) -> float:
    """Return in how many seconds from NOW the row ends."""
    return (visit.row[1] - NOW).total_seconds()


@every_database
def test_a_visit_after_that_time_moves_the_end_of_row_and_cookie_and_no_more(
    visit: Visit, clock: time_machine.Traveller
) -> None:
    text, _ = visit.row
    clock.shift(HOUR)
    response = visit.get()
    assert response.text == "1"
    assert visit.row == (text, NOW + timedelta(seconds=AGE + HOUR))
    assert visit.statements == ["SELECT", "UPDATE"]
    assert "session_data" not in visit.seen[1]
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith(f"sessionid={visit.key};")
    assert "expires=Mon, 07 Dec 2026 13:30:15 GMT; HttpOnly; Max-Age=1209600;" in cookie
    assert response.headers["Vary"] == "Cookie"


@every_database
def test_a_visit_before_that_time_reads_and_no_more(
    visit: Visit, clock: time_machine.Traveller
) -> None:
    before = visit.row
    clock.shift(HOUR - 0.001)
    response = visit.get()
    assert (visit.row, visit.statements) == (before, ["SELECT"])
    assert "Set-Cookie" not in response.headers


def test_each_touch_counts_from_the_one_before(visit: Visit, clock: time_machine.Traveller) -> None:
    moved = []
    for _ in range(6):
        clock.shift(HOUR // 2)
        visit.get()
        moved.append("UPDATE" in visit.statements)
    assert moved == [False, True] * 3


def test_a_visit_that_does_not_look_at_the_session_costs_nothing(
    visit: Visit, clock: time_machine.Traveller
) -> None:
    clock.shift(HOUR)
    visit.get("/away")
    assert visit.statements == []


def test_without_the_setting_the_end_is_not_even_read(
    make_visit: MakeVisit, clock: time_machine.Traveller
) -> None:
    visit = make_visit(SESSION_TOUCH_AFTER=None)
    clock.shift(HOUR)
    assert "Set-Cookie" not in visit.get().headers
    (statement,) = visit.seen
    assert "expire_date" not in statement.partition("WHERE")[0]
    assert not visit.stored().touch()


@every_database
def test_the_row_ends_when_django_would_let_it_end_that_saves_every_request(
    visit: Visit, live: LiveDjango, clock: time_machine.Traveller
) -> None:
    clock.shift(HOUR)
    visit.get()
    ours = _ends(visit)
    assert live.store(visit.key).load() == {"n": 1}
    live.store(visit.key).save()
    assert _ends(visit) == ours


@every_database
@pytest.mark.parametrize("use_tz", [True, False])
def test_dates_on_the_site_s_clock_are_moved_alike(
    make_visit: MakeVisit, clock: time_machine.Traveller, use_tz: bool
) -> None:
    visit = make_visit(USE_TZ=use_tz, TIME_ZONE="Asia/Kathmandu")
    clock.shift(HOUR)
    visit.get()
    assert visit.statements == ["SELECT", "UPDATE"]
    assert _ends(visit) == AGE + HOUR


# Sessions that end otherwise


def test_seconds_of_the_session_s_own_count_from_the_touch(
    make_visit: MakeVisit, clock: time_machine.Traveller
) -> None:
    visit = make_visit({"_session_expiry": 2 * HOUR})
    clock.shift(HOUR)
    assert "Max-Age=7200;" in visit.get().headers["Set-Cookie"]
    assert _ends(visit) == 3 * HOUR


def test_a_fixed_date_is_not_moved(make_visit: MakeVisit, clock: time_machine.Traveller) -> None:
    end = NOW + timedelta(days=1)
    visit = make_visit({"_session_expiry": end.isoformat()})
    clock.shift(HOUR)
    assert "Set-Cookie" not in visit.get().headers
    assert visit.row[1] == end


@pytest.mark.parametrize("by_setting", [False, True])
def test_a_cookie_until_browser_close_stays_one_while_the_row_moves(
    make_visit: MakeVisit, clock: time_machine.Traveller, by_setting: bool
) -> None:
    data = {} if by_setting else {"_session_expiry": 0}
    visit = make_visit(data, SESSION_EXPIRE_AT_BROWSER_CLOSE=by_setting)
    clock.shift(HOUR)
    cookie = visit.get().headers["Set-Cookie"]
    assert cookie.startswith(f"sessionid={visit.key};")
    assert "Max-Age" not in cookie
    assert _ends(visit) == AGE + HOUR


@pytest.mark.parametrize("value", ["no date", [1], {"a": 1}, 1e300, -5])
def test_an_expiry_that_makes_no_sense_is_no_error(
    make_visit: MakeVisit, clock: time_machine.Traveller, value: Any
) -> None:
    visit = make_visit()
    _plant(visit, {"n": 1, "_session_expiry": value})
    before = visit.row
    clock.shift(HOUR)
    assert visit.get().text == "1"
    assert visit.row == before


def _plant(visit: Visit, data: dict[str, Any]) -> None:
    """Write data into the row as some other program may."""
    with visit.site.app.app_context():
        text = visit.site.sessions.session().encode(data)
        site_of(visit.site.app).store.update(visit.key, text, NOW + timedelta(seconds=AGE))


def test_an_end_that_is_later_is_never_brought_forward(
    visit: Visit, clock: time_machine.Traveller
) -> None:
    with visit.site.app.app_context():
        later = NOW + timedelta(days=30)
        site_of(visit.site.app).store.update(visit.key, visit.row[0], later)
    clock.shift(HOUR)
    visit.get()
    assert (visit.row[1], visit.statements) == (later, ["SELECT"])


# When there is no touch


def test_none_after_an_error(visit: Visit, clock: time_machine.Traveller) -> None:
    clock.shift(HOUR)
    response = visit.get("/fails")
    assert response.status_code == 500
    assert visit.statements == ["SELECT"]
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("data", [{}, None], ids=["empty", "corrupted"])
def test_none_of_a_session_without_data(
    visit: Visit, clock: time_machine.Traveller, data: dict[str, Any] | None
) -> None:
    if data is None:
        with visit.site.app.app_context():
            end = NOW + timedelta(seconds=AGE)
            site_of(visit.site.app).store.update(visit.key, "e30:1:2", end)
    else:
        _plant(visit, data)
    clock.shift(HOUR)
    assert "Set-Cookie" not in visit.get().headers
    assert visit.statements == ["SELECT"]


def test_none_while_somebody_only_looks_on(
    make_site: MakeSite, clock: time_machine.Traveller
) -> None:
    site = make_site(SESSION_TOUCH_AFTER=HOUR)
    site.app.register_blueprint(Inspector(access=lambda: True), url_prefix="/sessions")
    visit = Visit(site)
    clock.shift(HOUR)
    assert visit.get("/sessions/").status_code == 200
    assert "UPDATE" not in visit.statements
    assert _ends(visit) == AGE


def test_a_change_is_saved_and_not_touched(visit: Visit, clock: time_machine.Traveller) -> None:
    visit.meanwhile = lambda: session.update(n=2)
    clock.shift(HOUR)
    visit.get()
    assert visit.statements == ["SELECT", "UPDATE"]
    assert "session_data" in visit.seen[1]


def test_a_new_visitor_has_nothing_to_touch(visit: Visit, clock: time_machine.Traveller) -> None:
    clock.shift(HOUR)
    visit.key = "unknownunknownunknownunknownunkn"
    assert "Max-Age=1209600" not in visit.get().headers.get("Set-Cookie", "")
    assert visit.statements == ["SELECT"]


def test_a_session_that_was_deleted_by_the_view_itself_stays_so(
    visit: Visit, clock: time_machine.Traveller
) -> None:
    visit.meanwhile = lambda: session.delete()  # type: ignore[attr-defined]
    clock.shift(HOUR)
    visit.get()
    assert (visit.statements, visit.site.rows()) == (["SELECT", "DELETE"], [])


# Others at the same time


def _save(visit: Visit, **data: Any) -> None:
    stored = visit.stored()
    expiry = data.pop("expiry", None)
    stored.update(data)
    if expiry is not None:
        stored.set_expiry(expiry)
    with visit.site.app.app_context():
        stored.save()


@every_database
@pytest.mark.parametrize(
    "changes", [{"n": 2}, {"expiry": 60}, {"expiry": NOW + timedelta(days=1)}, {}], ids=str
)
def test_a_save_in_the_meantime_has_the_last_word(
    visit: Visit, clock: time_machine.Traveller, changes: dict[str, Any]
) -> None:
    saved: list[tuple[str, datetime]] = []

    def save() -> None:
        clock.shift(-0.5)
        _save(visit, **changes)
        saved.append(visit.row)
        clock.shift(0.5)

    clock.shift(HOUR)
    visit.meanwhile = save
    response = visit.get()
    assert [visit.row] == saved
    assert "Set-Cookie" not in response.headers


@every_database
def test_a_session_that_was_ended_meanwhile_does_not_come_back(
    visit: Visit, live: LiveDjango, clock: time_machine.Traveller
) -> None:
    clock.shift(HOUR)
    visit.meanwhile = lambda: live.store(visit.key).flush()
    response = visit.get()
    assert (response.status_code, visit.site.rows()) == (200, [])
    assert "Set-Cookie" not in response.headers


def test_of_two_touches_one_moves_the_row(visit: Visit, clock: time_machine.Traveller) -> None:
    clock.shift(HOUR)
    other = visit.stored()
    moved: list[bool] = []

    def touch() -> None:
        with visit.site.app.app_context():
            assert other["n"] == 1
            moved.append(other.touch())

    visit.meanwhile = touch
    clock.shift(1)
    assert "Set-Cookie" not in visit.get().headers
    assert moved == [True]
    assert _ends(visit) == AGE + HOUR + 1


def test_an_uncommitted_write_of_the_view_is_no_error(
    visit: Visit, clock: time_machine.Traveller
) -> None:
    def write() -> None:
        visit.site.db.session.execute(
            sa.text("UPDATE django_session SET session_key = session_key")
        )

    clock.shift(HOUR)
    visit.meanwhile = write
    response = visit.get()
    assert (response.status_code, response.text) == (200, "1")
    assert _ends(visit) == AGE
    visit.meanwhile = lambda: None
    visit.get()
    assert _ends(visit) == AGE + HOUR


# Odd rows


@pytest.mark.parametrize("date", ["9999-99-99 00:00:00", "zzz", 3e300])
def test_a_date_of_sqlite_s_that_is_none_is_left_alone(
    visit: Visit, clock: time_machine.Traveller, date: Any
) -> None:
    with visit.site.app.app_context(), visit.site.db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE django_session SET expire_date = :date"), {"date": date})
    clock.shift(HOUR)
    assert visit.get().status_code == 200
    assert visit.statements == ["SELECT"]


@pytest.mark.parametrize(
    "database_url", [one for one in EVERY_SERVER if one.startswith("postgresql")], indirect=True
)
def test_a_row_that_never_ends_is_left_alone(visit: Visit, clock: time_machine.Traveller) -> None:
    with visit.site.app.app_context(), visit.site.db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE django_session SET expire_date = 'infinity'"))
    clock.shift(HOUR)
    assert visit.get().text == "1"
    assert visit.statements == ["SELECT"]


@every_database
def test_straight_on_the_driver_it_is_the_same(
    make_site: MakeSite, clock: time_machine.Traveller
) -> None:
    # Where nobody listens to the engine, SQLAlchemy's Connection is left out.
    visit = Visit(make_site(SESSION_TOUCH_AFTER=HOUR), listens=False)
    text, _ = visit.row
    clock.shift(HOUR)
    assert "Max-Age=1209600;" in visit.get().headers["Set-Cookie"]
    assert visit.row == (text, NOW + timedelta(seconds=AGE + HOUR))
    assert "Set-Cookie" not in visit.get().headers


@every_database
def test_straight_on_the_driver_a_save_has_the_last_word(
    make_site: MakeSite, clock: time_machine.Traveller
) -> None:
    visit = Visit(make_site(SESSION_TOUCH_AFTER=HOUR), listens=False)
    clock.shift(HOUR)
    visit.meanwhile = lambda: _save(visit, expiry=60)
    assert "Set-Cookie" not in visit.get().headers
    assert _ends(visit) == HOUR + 60


@pytest.mark.parametrize("columns", [False, True])
def test_in_memory_and_under_an_engine_with_options_it_is_the_same(
    make_site: MakeSite, clock: time_machine.Traveller, columns: bool
) -> None:
    config = {} if columns else {"SQLALCHEMY_DATABASE_URI": "sqlite://"}
    options: Any = {"execution_options": {"schema_translate_map": {None: None}}} if columns else {}
    site = make_site(table=False, options=options, SESSION_TOUCH_AFTER=HOUR, **config)
    with site.app.app_context():
        site.sessions.create_table()
    visit = Visit(site, listens=False)
    clock.shift(HOUR)
    assert "Max-Age=1209600;" in visit.get().headers["Set-Cookie"]
    assert "Set-Cookie" not in visit.get().headers
    assert _ends(visit) == AGE + HOUR


def test_a_session_outside_of_a_request_can_be_touched(
    visit: Visit, clock: time_machine.Traveller
) -> None:
    clock.shift(HOUR)
    stored = visit.stored()
    with visit.site.app.app_context():
        assert not stored.touch()  # nobody has looked at it
        assert stored["n"] == 1
        assert stored.touch()
        visit.get("/away")  # after which no statement is noted
        assert not stored.touch()
        assert visit._noted == []
    assert _ends(visit) == AGE + HOUR


def test_the_end_is_an_aware_date_in_utc(visit: Visit) -> None:
    with visit.site.app.app_context():
        store = site_of(visit.site.app).store
        text, end = store.load_with_end(visit.key, NOW)
        assert store.load_with_end("nobodysnobodysnobodysnobodysnobo", NOW) == (None, None)
    assert text == visit.row[0]
    assert end is not None
    assert end.moment == NOW + timedelta(seconds=AGE)
    assert end.moment.tzinfo is timezone.utc


@every_database
def test_the_check_of_another_app_does_not_take_moved_rows_for_another_clock(
    make_site: MakeSite, clock: time_machine.Traveller
) -> None:
    visits = []
    site = make_site(SESSION_TOUCH_AFTER=HOUR)
    for hours in (5, 4, 3, 2, 1):
        clock.move_to(NOW - timedelta(hours=hours))
        with site.app.app_context():
            stored = site.sessions.session()
            stored["n"] = 1
            stored.save()
        visits.append(stored.session_key)
    clock.move_to(NOW)
    for key in visits:
        with site.app.app_context():
            assert site.sessions.session(key).get("n") == 1
            again = site.sessions.session(key)
            again.get("n")
            assert again.touch()
    other = make_site(table=False)
    printed = other.app.test_cli_runner().invoke(args=["sessions", "check"]).output
    assert "ok    expire_date matches the times of signing; 5 rows end later" in printed
    assert "USE_TZ" not in printed


def test_a_text_that_is_none_is_no_session_here_either(visit: Visit) -> None:
    with visit.site.app.app_context(), visit.site.db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE django_session SET session_data = CAST(x'ff' AS TEXT)")
    response = visit.get()
    assert (response.status_code, response.text) == (200, "None")


def _last_seen(visit: Visit) -> datetime | None:
    with visit.site.app.app_context():
        reader = index_of(site_of(visit.site.app)).reader()
        row = visit.site.sessions.store.row(visit.key)
        assert row is not None
        return reader.last_seen(reader.read(row))


def test_a_visit_that_moves_the_end_is_when_the_session_was_last_seen(
    visit: Visit, clock: time_machine.Traveller
) -> None:
    clock.shift(HOUR)
    visit.get()
    assert _last_seen(visit) == NOW + timedelta(seconds=HOUR)


def test_one_that_ends_at_a_date_was_last_seen_when_it_was_saved(
    make_visit: MakeVisit, clock: time_machine.Traveller
) -> None:
    visit = make_visit({"_session_expiry": "2027-01-01T00:00:00+00:00"})
    clock.shift(HOUR)
    visit.get()
    assert _last_seen(visit) == NOW.replace(microsecond=0)
