"""What the visitor does, to and fro: each scenario is a function that stops at a disagreement."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from .database import Database
from .flask_side import RECORDS_MIGRATION, FlaskSide


class Side(Protocol):
    """Django or Flask."""

    name: str

    def visit(self, view: str, key: str | None = None, **given: Any) -> dict[str, Any]:
        """Ask for the page of a view, with a cookie where *key* is given."""

    def load(self, key: str) -> dict[str, Any]:
        """Read a session outside a request."""

    def hold(self, key: str) -> None:
        """Load a session and change it, as a request does that is not at its end yet."""

    def save_held(self) -> dict[str, Any]:
        """Save what is held; tell whether it was there to be saved."""

    def clear(self) -> None:
        """Remove the rows that have expired."""


class Cache(Protocol):
    """A cache of the meeting's own."""

    def empty(self) -> None:
        """Remove all entries."""

    def start(self) -> None:
        """Start its server, where there is one."""

    def stop(self) -> None:
        """Stop its server, where there is one; what it had is gone."""


class Django(Side, Protocol):
    """The side that has a user and migrations."""

    def migrate(self, *arguments: str) -> None:
        """Run ``manage.py migrate``."""

    def make_user(self, name: str) -> None:
        """Make a user who can log in."""

    def grant(self, name: str, own: str, of_group: str) -> None:
        """Give a user one permission, and a group of theirs another."""

    def post_form(self, key: str) -> dict[str, Any]:
        """Send a form with its CSRF token, and without."""

    def change_at_once(self, key: str) -> dict[str, Any]:
        """Let two requests change a session that both have loaded, with our engine in Django."""


class DisagreementError(AssertionError):
    """The two sides differ."""


@dataclass
class Meeting:
    """A Django and a Flask app on one database, and what this Django can do."""

    django: Django
    flask: FlaskSide
    stranger: FlaskSide  # an app with another SECRET_KEY
    elder: FlaskSide  # an app with the key that has been rotated away
    other: FlaskSide  # an app that writes the other format of session_data
    database: Database
    use_tz: bool
    has_fallbacks: bool
    has_our_engine: bool  # whether this Django can have "flask_dj_session.django_engine"
    has_pickles: bool
    reads_dates: bool  # whether this Django reads dates that are ISO text
    reads_both_forms: bool
    survives_damage: bool  # whether a row that is no base64 is no error 500 in this Django
    varies_when_deleting: bool  # whether this Django sends Vary with a deleted cookie
    cache: Cache | None = None
    django_ignores_cache: bool = False  # whether it goes on where the cache fails
    has_table: bool = True  # whether sessions are in the table, not in the cache alone

    def both_ways(self) -> Iterator[tuple[Side, Side]]:
        """Yield who writes and who reads."""
        yield self.django, self.flask
        yield self.flask, self.django


Scenario = Callable[[Meeting], None]

DATA = {
    "naïve ключ 鍵": 'žluťoučký \U0001f40e \u2028 "quoted" \\ /',
    "cart": {
        "items": [
            {"sku": "A-1", "qty": 2, "price": "9.99"},
            {"sku": "B", "qty": 0, "tags": [None, True, False, 1.5, []]},
        ],
        "coupon": None,
    },
    "numbers": {"big": 2**70, "negative": -1, "float": 0.1, "exponent": 1e300},
    "long": [f"row {number} of a long and repetitive list" for number in range(100)],
    "empty": ["", {}, []],
}
UNKNOWN_KEY = "0123456789abcdefghijklmnopqrstuv"
FEW_SECONDS = timedelta(seconds=20)


def expect(what: str, found: Any, expected: Any) -> None:
    """Stop where *found* is not what is *expected*."""
    if found != expected:
        raise DisagreementError(f"{what}: {_short(found)}, expected {_short(expected)}")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."


def new_session(side: Side, view: str = "store", **given: Any) -> str:
    """Begin a session on *side*, and return its key."""
    if view == "store":
        given.setdefault("data", {"begun": side.name})
    answer = side.visit(view, **given)
    expect(f"the status on {side.name}", answer["status"], 200)
    if not answer["key"]:
        raise DisagreementError(f"{side.name} gave no key to a new visitor")
    return str(answer["key"])


# Both look the same


def the_tables_are_the_same(meeting: Meeting) -> None:
    """Django made the table first; now the app makes it, and Django's ``--fake-initial`` agrees."""
    by_django = meeting.database.structure()
    meeting.database.drop_tables()
    meeting.flask.create_table()
    expect("the table of Flask", meeting.database.structure(), by_django)
    key = new_session(meeting.flask)
    meeting.django.migrate("--run-syncdb", "--fake-initial")
    meeting.django.migrate("--run-syncdb")
    expect("a row of before", meeting.django.load(key)["data"], {"begun": "Flask"})


def a_recorded_migration_is_not_run_again(meeting: Meeting) -> None:
    """The app makes the table and tells Django's migrations so."""
    meeting.database.drop_tables()
    meeting.flask.create_table(record_migration=True)
    key = new_session(meeting.flask)
    meeting.django.migrate("--run-syncdb")
    expect("a row of before", meeting.django.load(key)["data"], {"begun": "Flask"})


def counts_go_on(meeting: Meeting) -> None:
    """The visitor counts 1 to 5 and again 1, on either side in turn."""
    for first, second in meeting.both_ways():
        key = None
        for number, count in enumerate((1, 2, 3, 4, 5, 1, 2)):
            side = (first, second)[number % 2]
            answer = side.visit("counter", key)
            expect(f"visit {number + 1}, on {side.name}", answer["body"], f"view count={count}")
            if key is not None:
                expect(f"the key on {side.name}", answer["key"], key)
            key = answer["key"]


def data_is_equal(meeting: Meeting) -> None:
    """What one side stored the other reads, in a view and outside, and hands back whole."""
    for writer, reader in meeting.both_ways():
        key = new_session(writer, data=DATA)
        expect(f"what {reader.name} loads", reader.load(key), {"data": DATA, "key": key})
        body = writer.visit("read", key)["body"]
        expect(f"what {reader.name} shows", reader.visit("read", key)["body"], body)
        reader.visit("touch", key)
        expect(f"what {reader.name} handed back", writer.load(key)["data"], DATA)


def objects_are_equal(meeting: Meeting) -> None:
    """Dates, sets, tuples and keys that are no text survive in pickles."""
    for writer, reader in meeting.both_ways():
        key = new_session(writer, "store_objects")
        data = writer.load(key)["data"]
        expect(f"what {reader.name} loads", reader.load(key)["data"], data)
        reader.visit("touch", key)
        expect(f"what {reader.name} handed back", writer.load(key)["data"], data)


# When it ends


def expiry_is_equal(meeting: Meeting) -> None:
    """The column says the same moment in the same way, and each side keeps the other's."""
    for seconds in (None, 3600, 0, 12_345_678):
        dates = {}
        for writer, reader in meeting.both_ways():
            given = {} if seconds is None else {"seconds": seconds}
            key = new_session(writer, "store" if seconds is None else "expire", **given)
            dates[writer.name] = written = meeting.database.expire_date(key)
            reader.visit("touch", key)
            expect_near(f"{reader.name} renewing", meeting.database.expire_date(key), written)
        expect_near(f"set_expiry({seconds})", dates["Flask"], dates["Django"])


def dates_are_equal(meeting: Meeting) -> None:
    """A session that ends at a date keeps it to the microsecond."""
    for microseconds in ("000600", "000000"):
        given = {"date": f"2040-01-02 03:04:05.{microseconds}", "aware": meeting.use_tz}
        texts = set()
        for writer, reader in meeting.both_ways():
            if writer is meeting.flask and not meeting.reads_dates:
                continue  # a limit: docs/limits.md
            key = new_session(writer, "expire_at", **given)
            texts.add(meeting.database.expire_date(key))
            reader.visit("touch", key)
            texts.add(meeting.database.expire_date(key))
        expect("different texts of one date", len(texts), 1)


def spans_are_equal(meeting: Meeting) -> None:
    """A session that ends a timedelta from now has one end, which renewing does not move."""
    dates = {}
    for writer, reader in meeting.both_ways():
        if writer is meeting.flask and not meeting.reads_dates:
            continue  # as above
        for seconds in (-60, 7200.25):
            key = new_session(writer, "expire_in", seconds=seconds)
            dates[writer.name, seconds] = written = meeting.database.expire_date(key)
            for side in (writer, reader):
                found = side.load(key)["data"] != {}
                expect(f"{side.name} finds what {writer.name} ended", found, seconds > 0)
        reader.visit("touch", key)
        renewed = meeting.database.expire_date(key)
        expect(f"the end after {reader.name} renewed it", renewed, written)
    for (name, seconds), date in dates.items():
        expect_near(f"the end on {name}", date, dates["Django", seconds])


def the_end_is_the_same(meeting: Meeting) -> None:
    """A minute before its end a session is there on both sides, a minute after on none."""
    for writer, _ in meeting.both_ways():
        for seconds in (60, -60):
            key = new_session(writer, "expire", seconds=seconds)
            for reader in (meeting.django, meeting.flask):
                found = reader.load(key)["data"] != {}
                what = f"{reader.name} finds what {writer.name} ended in {seconds} s"
                expect(what, found, seconds > 0)


def cleared_rows_are_the_same(meeting: Meeting) -> None:
    """Clearing on either side removes what expired on both, and nothing else."""
    for cleaner in (meeting.django, meeting.flask):
        live, dead = set(), set()
        for writer, _ in meeting.both_ways():
            live |= {new_session(writer), new_session(writer, "expire", seconds=120)}
            dead |= {new_session(writer, "expire", seconds=-seconds) for seconds in (60, 90_000)}
        before = meeting.database.session_keys()
        expect(f"rows before {cleaner.name} clears", before >= live | dead, True)
        cleaner.clear()
        after = meeting.database.session_keys()
        expect(f"live rows after {cleaner.name} cleared", live <= after, True)
        expect(f"expired rows after {cleaner.name} cleared", len(dead & after), 0)


# The key and the cookie


def cookies_are_equal(meeting: Meeting) -> None:
    """Attribute by attribute, and Vary as well, whatever the view did."""
    steps: list[tuple[str, dict[str, Any]]] = [
        ("store", {"data": {"a": 1}}),
        ("read", {}),
        ("ignore", {}),
        ("expire", {"seconds": 3600}),
        ("expire", {"seconds": 0}),
        ("cycle_key", {}),
        ("flush", {}),
    ]
    keys: dict[str, str | None] = {"Django": None, "Flask": None}
    for view, given in steps:
        answers = {}
        for side in (meeting.django, meeting.flask):
            answers[side.name] = side.visit(view, keys[side.name], **given)
            keys[side.name] = answers[side.name]["key"] or keys[side.name]
        if view == "flush" and not meeting.varies_when_deleting:
            expect("Vary of old", answers["Django"]["vary"], "")
            answers["Django"]["vary"] = "Cookie"
        _expect_same_cookie(f"after {view}({given})", answers["Flask"], answers["Django"])


def _expect_same_cookie(what: str, flask: dict[str, Any], django: dict[str, Any]) -> None:
    expect(f"Vary {what}", flask["vary"], django["vary"])
    expect(f"a key {what}", bool(flask["key"]), bool(django["key"]))
    ours, theirs = (
        {name.lower(): value for name, value in answer["cookie"].items()}
        for answer in (flask, django)
    )
    ends = [cookie.pop("expires", None) for cookie in (ours, theirs)]
    expect(f"the cookie {what}", ours, theirs)
    expect(f"a date in the cookie {what}", ends[0] is None, ends[1] is None)
    if ends[0] and ends[1]:
        one, other = (parsedate_to_datetime(end.replace("-", " ")) for end in ends)
        _expect_close(f"the cookie's end {what}", one, other)


def unknown_keys_are_not_adopted(meeting: Meeting) -> None:
    """A key that is in no row is replaced, on both sides."""
    for side in (meeting.django, meeting.flask):
        for view, given in (("counter", {}), ("store", {"data": {"a": 1}})):
            answer = side.visit(view, UNKNOWN_KEY, **given)
            expect(f"{side.name} gives a key", bool(answer["key"]), True)
            expect(f"{side.name} adopts the key", answer["key"] == UNKNOWN_KEY, False)
    expect("a row of that key", UNKNOWN_KEY in meeting.database.session_keys(), False)


def a_new_key_is_known_to_both(meeting: Meeting) -> None:
    """``cycle_key`` on one side: the other finds all data under the new key, none under the old."""
    for writer, reader in meeting.both_ways():
        old = new_session(writer, data=DATA)
        new = reader.visit("cycle_key", old)["key"]
        expect(f"{reader.name} changed the key", new != old, True)
        for side in (writer, reader):
            expect(f"{side.name} under the old key", side.load(old), {"data": {}, "key": None})
            expect(f"{side.name} under the new key", side.load(new), {"data": DATA, "key": new})


def a_flush_ends_it_on_both(meeting: Meeting) -> None:
    """A logout here is a logout there."""
    for writer, reader in meeting.both_ways():
        key = new_session(writer)
        reader.visit("flush", key)
        expect("a row after flush", key in meeting.database.session_keys(), False)
        for side in (writer, reader):
            expect(f"{side.name} after flush", side.load(key), {"data": {}, "key": None})
            expect(f"{side.name} shows", side.visit("read", key)["body"], "{}")


# Who signed it


def forged_rows_are_empty(meeting: Meeting) -> None:
    """Rows signed with another key, and changed ones, are empty sessions on both sides."""
    _expect_empty(meeting, new_session(meeting.stranger))
    for change in (lambda text: ("B" if text[0] == "A" else "A") + text[1:], lambda text: ""):
        for writer, _ in meeting.both_ways():
            key = new_session(writer)
            meeting.database.change_data(key, change)
            _expect_empty(meeting, key)


def damaged_rows_are_empty(meeting: Meeting) -> None:
    """So are rows that are cut off, or have something before them."""
    for damage in (lambda text: text[:-1], lambda text: "x" + text, lambda text: ":::"):
        for writer, _ in meeting.both_ways():
            key = new_session(writer)
            meeting.database.change_data(key, damage)
            _expect_empty(meeting, key)


def _expect_empty(meeting: Meeting, key: str) -> None:
    for side in (meeting.django, meeting.flask):
        expect(f"what {side.name} loads", side.load(key), {"data": {}, "key": key})
        expect(f"what {side.name} shows", side.visit("read", key)["body"], "{}")
    for side, count in ((meeting.django, 1), (meeting.flask, 2)):
        answer = side.visit("counter", key)
        expect(f"the count on {side.name}", answer["body"], f"view count={count}")
        expect(f"the key on {side.name}", answer["key"], key)


def the_other_format_is_read(meeting: Meeting) -> None:
    """Where Django reads both forms, so do the app that writes this one and that writes that."""
    for reader in (meeting.django, meeting.flask):
        key = new_session(meeting.other, data=DATA)
        expect(f"what {reader.name} loads", reader.load(key)["data"], DATA)
        reader.visit("touch", key)
        expect("what the other app loads", meeting.other.load(key)["data"], DATA)


def fallback_keys_are_read(meeting: Meeting) -> None:
    """A row signed with the key before is read on both sides, and written with the new one."""
    for side, other in meeting.both_ways():
        key = new_session(meeting.elder)
        expect(f"what {side.name} loads", side.load(key)["data"], {"begun": "Flask"})
        side.visit("touch", key)
        expect("what the old key reads", meeting.elder.load(key)["data"], {})
        expect(f"what {other.name} loads", other.load(key)["data"], {"begun": "Flask"})


def nothing_is_lost_at_once(meeting: Meeting) -> None:
    """With our engine in Django, two requests that change one session lose nothing."""
    key = new_session(meeting.flask)
    changed = meeting.django.change_at_once(key)
    both = {"begun": "Flask", "visits": 2, "one": True, "other": True, "late": True}
    expect("what Django has", changed["data"], both)
    for side in (meeting.flask, meeting.django):
        expect(f"what {side.name} loads", side.load(changed["key"])["data"], both)
        expect(f"what {side.name} loads by the old key", side.load(key)["data"], {})


# The user


def a_login_is_kept(meeting: Meeting) -> None:
    """Flask reads what a login in Django left, keeps it, and its logout counts."""
    key = new_session(meeting.django)
    answer = meeting.django.visit("login", key, name="visitor", password="correct horse")
    expect("a new key at login", answer["key"] != key, True)
    key = answer["key"]
    login = meeting.django.load(key)["data"]
    keys = {"_auth_user_id", "_auth_user_backend", "_auth_user_hash", "begun"}
    expect("what login left", set(login), keys)
    expect("what Flask loads", meeting.flask.load(key)["data"], login)
    meeting.flask.visit("store", key, data={"seen": "by Flask"})
    expect("who it is", meeting.django.visit("whoami", key)["body"], "visitor")
    new = meeting.flask.visit("cycle_key", key)["key"]
    expect("who it is under the old key", meeting.django.visit("whoami", key)["body"], "")
    expect("who it is under the new key", meeting.django.visit("whoami", new)["body"], "visitor")
    meeting.flask.visit("flush", new)
    expect("who it is after logout", meeting.django.visit("whoami", new)["body"], "")


# Dates


_DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?")


def expect_near(what: str, found: str, expected: str) -> None:
    """Stop unless both are texts of one kind, of moments that are close."""
    for text in (found, expected):
        expect(f"{what}: the shape of {text}", _DATE.fullmatch(text) is not None, True)
    _expect_close(what, datetime.fromisoformat(found), datetime.fromisoformat(expected))


def _expect_close(what: str, found: datetime, expected: datetime) -> None:
    if abs(found - expected) > FEW_SECONDS:
        raise DisagreementError(f"{what}: {found}, expected about {expected}")


def scenarios_for(meeting: Meeting) -> list[Scenario]:
    """Return the scenarios that this Django can take part in; those on the table come last."""
    scenarios: list[Scenario] = [
        counts_go_on,
        data_is_equal,
        expiry_is_equal,
        the_end_is_the_same,
        cleared_rows_are_the_same,
        cookies_are_equal,
        unknown_keys_are_not_adopted,
        a_new_key_is_known_to_both,
        a_flush_ends_it_on_both,
        forged_rows_are_empty,
        a_login_is_kept,
    ]
    if meeting.has_pickles:
        scenarios.append(objects_are_equal)
    if meeting.has_pickles or meeting.reads_dates:
        scenarios += [dates_are_equal, spans_are_equal]
    if meeting.survives_damage:
        scenarios.append(damaged_rows_are_empty)
    if meeting.reads_both_forms:
        scenarios.append(the_other_format_is_read)
    if meeting.has_fallbacks:
        scenarios.append(fallback_keys_are_read)
    if meeting.has_our_engine:
        scenarios.append(nothing_is_lost_at_once)
    scenarios.append(the_tables_are_the_same)
    if RECORDS_MIGRATION:
        scenarios.append(a_recorded_migration_is_not_run_again)
    return scenarios
