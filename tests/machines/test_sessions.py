"""Sessions beside Django's, step by step: whatever is done to them, they stay the same.

Hypothesis does random steps on both sides, each on a table of its own, at a time that it moves.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from ..conftest import NOW
from .twins import GUESSES, MakeTwinStores, Tab, TwinStores, outcome, run

pytestmark = pytest.mark.slow

PRAGUE = "Europe/Prague"
#: in Prague, an hour is skipped half an hour after the second, and repeated after the third
MOMENTS = [
    NOW,
    datetime(2027, 3, 28, 0, 30, tzinfo=timezone.utc),
    datetime(2026, 10, 25, 0, 30, 0, 1, tzinfo=timezone.utc),
]
DAY = 86400


class Text(str):
    __slots__ = ()


class Kind(IntEnum):
    ONE = 1


names = st.sampled_from(["a", "b", "ž", "", 1, None, True, "testcookie", "_auth_user_id"])
values = st.one_of(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    st.sampled_from([float("nan"), float("inf"), 10**30, 0.1, "x" * 300, "\ud800"]),
    st.sampled_from([(1, (2,)), Text("t"), Kind.ONE, {1: 2}, {None: [True]}, [], {"a": []}]),
    st.just(Decimal(1)),  # which JSON cannot hold
)
seconds = st.sampled_from([0, 0.25, 1, 59, 60, 61, 1800, 3600, DAY, 14 * DAY, 400 * DAY])
spans = st.sampled_from([0, 1, 60, 60.7, 3600, 14 * DAY, -1, -3600]).map(
    lambda number: timedelta(seconds=number)
)


class SessionMachine(RuleBasedStateMachine):
    """Does the same on both sides."""

    tabs: Bundle[Tab] = Bundle("tabs")

    def __init__(self, stores: TwinStores) -> None:
        super().__init__()
        self.stores = stores
        self.opened: list[Tab] = []

    def open(self, key: str | None = None) -> Tab:
        self.opened.append(self.stores.tab(key))
        return self.opened[-1]

    @initialize(
        moment=st.sampled_from(MOMENTS),
        age=st.sampled_from([60, 14 * DAY]),
        at_close=st.booleans(),
        target=tabs,
    )
    def begin(self, moment: datetime, age: int, at_close: bool) -> Tab:
        self.stores.begin(moment, SESSION_COOKIE_AGE=age, SESSION_EXPIRE_AT_BROWSER_CLOSE=at_close)
        return self.open()

    def both(self, tab: Tab, do: Callable[[Any], Any]) -> None:
        ours, theirs = (outcome(do, session) for session in tab)
        assert ours == theirs

    # Which session

    @rule(target=tabs)
    def begin_anew(self) -> Tab:
        return self.open()

    @rule(target=tabs, which=st.integers(0, 9))
    def come_back(self, which: int) -> Tab:
        keys = self.stores.keys()
        return self.open(keys[which % len(keys)] if keys else None)

    @rule(target=tabs, tab=tabs)
    def load_in_a_second_tab(self, tab: Tab) -> Tab:
        return self.open(tab.ours.session_key)

    @rule(target=tabs, key=st.sampled_from(GUESSES))
    def guess(self, key: str) -> Tab:
        tab = self.open(key)
        # Saved unseen, a session with a key that no row can have ends in status 400 in Django.
        self.both(tab, lambda session: session.get("a"))
        return tab

    @rule(by=seconds)
    def time_passes(self, by: float) -> None:
        self.stores.clock.shift(by)

    @rule()
    def expired_rows_are_cleared(self) -> None:
        self.stores.site.sessions.clear_expired()
        self.stores.django.store().clear_expired()

    # What it holds

    @rule(tab=tabs, name=names, value=values)
    def set(self, tab: Tab, name: Any, value: Any) -> None:
        self.both(tab, lambda session: session.__setitem__(name, value))

    @rule(tab=tabs, name=names)
    def get(self, tab: Tab, name: Any) -> None:
        self.both(tab, lambda session: (session.get(name), name in session, session.has_key(name)))

    @rule(tab=tabs, name=names)
    def take(self, tab: Tab, name: Any) -> None:
        self.both(tab, lambda session: session[name])

    @rule(tab=tabs, name=names)
    def delete_item(self, tab: Tab, name: Any) -> None:
        self.both(tab, lambda session: session.__delitem__(name))

    @rule(tab=tabs, name=names, default=st.none() | st.just(()) | st.just((5,)))
    def pop(self, tab: Tab, name: Any, default: Any) -> None:
        self.both(tab, lambda session: session.pop(name, *(default or ())))

    @rule(tab=tabs, name=names, value=values)
    def setdefault(self, tab: Tab, name: Any, value: Any) -> None:
        self.both(tab, lambda session: session.setdefault(name, value))

    @rule(tab=tabs, more=st.dictionaries(names, values, max_size=2))
    def update(self, tab: Tab, more: dict[Any, Any]) -> None:
        self.both(tab, lambda session: session.update(more))

    @rule(tab=tabs, what=st.sampled_from(["keys", "values", "items"]))
    def list_all(self, tab: Tab, what: str) -> None:
        self.both(tab, lambda session: list(getattr(session, what)()))

    @rule(tab=tabs)
    def change_in_place(self, tab: Tab) -> None:
        self.both(tab, lambda session: session.setdefault("list", []).append(1))

    @rule(
        tab=tabs,
        do=st.sampled_from(["set_test_cookie", "test_cookie_worked", "delete_test_cookie"]),
    )
    def try_cookie(self, tab: Tab, do: str) -> None:
        self.both(tab, lambda session: getattr(session, do)())

    @rule(tab=tabs)
    def mark(self, tab: Tab) -> None:
        for session in tab:
            session.modified = True

    # When it ends

    def date(self, span: timedelta) -> datetime:
        """Return a date as Django has them on this site."""
        moment = datetime.now(timezone.utc) + span
        if self.stores.use_tz:
            return moment.astimezone(ZoneInfo(PRAGUE))
        return moment.astimezone(ZoneInfo(PRAGUE)).replace(tzinfo=None, fold=0)

    @rule(tab=tabs, value=st.none() | st.sampled_from([0, 1, 60, 60.7, 14 * DAY, -60]) | spans)
    def set_expiry(self, tab: Tab, value: Any) -> None:
        self.both(tab, lambda session: session.set_expiry(value))

    @rule(tab=tabs, span=spans, as_text=st.booleans())
    def set_expiry_at_a_date(self, tab: Tab, span: timedelta, as_text: bool) -> None:
        date = self.date(span)
        self.both(tab, lambda session: session.set_expiry(date.isoformat() if as_text else date))

    @rule(tab=tabs, span=spans, expiry=st.sampled_from([None, 0, 30, "date"]))
    def ask_when_it_ends(self, tab: Tab, span: timedelta, expiry: Any) -> None:
        self.both(tab, lambda session: session.get_expiry_age())
        self.both(tab, lambda session: session.get_expiry_date())
        self.both(tab, lambda session: session.get_expire_at_browser_close())
        given = {"modification": self.date(span), "expiry": expiry}
        if expiry == "date":
            given["expiry"] = self.date(-span)
        self.both(tab, lambda session: session.get_expiry_age(**given))
        self.both(tab, lambda session: session.get_expiry_date(**given))

    # Where it is kept

    @rule(tab=tabs)
    def save(self, tab: Tab) -> None:
        self.both(tab, lambda session: session.save())

    @rule(tab=tabs)
    def save_as_new(self, tab: Tab) -> None:
        if self.is_there(tab):
            self.both(tab, lambda session: session.save(must_create=True))

    @rule(tab=tabs)
    def create(self, tab: Tab) -> None:
        if self.is_there(tab):
            self.both(tab, lambda session: session.create())

    @rule(tab=tabs)
    def cycle_key(self, tab: Tab) -> None:
        if self.is_there(tab):
            self.both(tab, lambda session: session.cycle_key())

    def is_there(self, tab: Tab) -> bool:
        """Return whether the row is there; where it was deleted, Django goes on, and we do not."""
        return tab.ours.session_key in (None, *self.stores.keys())

    @rule(tab=tabs)
    def clear(self, tab: Tab) -> None:
        self.both(tab, lambda session: session.clear())

    @rule(tab=tabs)
    def flush(self, tab: Tab) -> None:
        self.both(tab, lambda session: session.flush())

    @rule(tab=tabs, key=st.none() | st.sampled_from(GUESSES))
    def delete(self, tab: Tab, key: str | None) -> None:
        self.both(tab, lambda session: session.delete(key))

    @rule(tab=tabs, other=tabs)
    def ask_whether_it_is_there(self, tab: Tab, other: Tab) -> None:
        key = other.ours.session_key
        self.both(tab, lambda session: bool(session.exists(key)))

    @rule(tab=tabs)
    def load(self, tab: Tab) -> None:
        self.both(tab, lambda session: session.load())

    # What holds after each step

    @invariant()
    def all_is_the_same(self) -> None:
        our_rows, their_rows = self.stores.rows()
        assert our_rows == their_rows
        for tab in self.opened:
            ours, theirs = tab.told()
            assert ours == theirs


@pytest.mark.parametrize("use_tz", [True, False], ids=["USE_TZ", "no USE_TZ"])
def test_a_session_is_djangos_after_every_step(
    use_tz: bool, make_twin_stores: MakeTwinStores
) -> None:
    with make_twin_stores(USE_TZ=use_tz, TIME_ZONE=PRAGUE) as stores:
        run(lambda: SessionMachine(stores), steps=25, part=0.7)
