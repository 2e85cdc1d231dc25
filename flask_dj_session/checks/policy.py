"""What can be measured on the rows of what a policy for sessions says; no judgement.

Counted are live sessions that this app's keys verify.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from ..wire.login_times import login_age
from .reader import RowReading

#: how many users are told apart
REMEMBERED = 100_000
_USER_ID = "_auth_user_id"
_DAY = 24 * 60 * 60
_UNKNOWN = "not known"

#: takes the ids of users, and returns those of users who are inactive or gone
FindInactive = Callable[[Collection[str]], set[str]]


@dataclass(frozen=True)
class Measure:
    """Something that was measured."""

    name: str
    #: seconds or a number; None where it is not known
    value: int | None
    #: the same for people
    text: str


class Policy:
    """Measures live sessions.

    :param now: aware.
    :param absolute_age: SESSION_ABSOLUTE_AGE, in seconds; None where it is not set.
    """

    def __init__(self, now: datetime, absolute_age: float | None) -> None:
        self._now = now
        self._absolute_age = absolute_age
        self.sessions = self.with_user = self.by_fallback = 0
        self.over = self.undated = 0
        #: in seconds, of all sessions
        self.longest_life: float | None = None
        self.longest_left: float | None = None
        self.oldest_login: float | None = None
        #: sessions by the ids of their users
        self.users: Counter[str] = Counter()
        self._uncounted = 0

    def add(self, expire_date: datetime | None, read: RowReading) -> None:
        """Take a row in."""
        if read.reading is None or expire_date is None or expire_date <= self._now:
            return
        self.sessions += 1
        self.by_fallback += read.reading.key_index > 0
        self.longest_left = _later(self.longest_left, (expire_date - self._now).total_seconds())
        if read.signed_at is not None:
            life = (expire_date - read.signed_at).total_seconds()
            self.longest_life = _later(self.longest_life, life)
        if _USER_ID in read.reading.data:
            self._add_login(read)

    def _add_login(self, read: RowReading) -> None:
        assert read.reading is not None
        data = read.reading.data
        self.with_user += 1
        user_id = str(data[_USER_ID])
        if user_id in self.users or len(self.users) < REMEMBERED:
            self.users[user_id] += 1
        else:
            self._uncounted += 1
        age = login_age(data, self._now)
        if age is None:
            self.undated += 1
            return
        self.oldest_login = _later(self.oldest_login, age)
        self.over += self._absolute_age is not None and age >= self._absolute_age

    def measures(self, find_inactive: FindInactive | None) -> list[Measure]:
        """Say what was measured.

        :param find_inactive: None where the app knows no users.
        """
        return [
            _number("sessions", "Live sessions that this app's keys verify", self.sessions),
            _span("longest_life", "Longest life, from a save to the end", self.longest_life),
            _span("longest_left", "Time until the last of them ends", self.longest_left),
            _number("logins", "Sessions with a user", self.with_user),
            _span("oldest_login", "Age of the oldest login that is known", self.oldest_login),
            _number("logins_of_unknown_age", "Logins of unknown age", self.undated),
            self._over_absolute_age(),
            self._most_of_one(),
            self._inactive(find_inactive),
            _number("by_fallback_keys", "Signed with SECRET_KEY_FALLBACKS", self.by_fallback),
        ]

    def _over_absolute_age(self) -> Measure:
        is_set = self._absolute_age is not None
        said = "" if is_set else ", which is not set"
        value = self.over if is_set else None
        label = f"Logins older than SESSION_ABSOLUTE_AGE{said}"
        return _number("logins_over_absolute_age", label, value)

    def _most_of_one(self) -> Measure:
        most = max(self.users.values(), default=0)
        beyond = f", of the first {REMEMBERED:,} users" if self._uncounted else ""
        return _number("most_of_one_user", f"Most sessions of one user{beyond}", most)

    def _inactive(self, find: FindInactive | None) -> Measure:
        number = None
        if find is not None:
            number = sum(self.users[user_id] for user_id in find(self.users.keys()))
        return _number("of_inactive_users", "Sessions of inactive or deleted users", number)


def _later(one: float | None, other: float) -> float:
    return other if one is None else max(one, other)


def _number(name: str, label: str, value: int | None) -> Measure:
    return Measure(name, value, f"{label}: {_UNKNOWN if value is None else f'{value:,}'}")


def _span(name: str, label: str, seconds: float | None) -> Measure:
    if seconds is None:
        return Measure(name, None, f"{label}: {_UNKNOWN}")
    return Measure(name, int(seconds), f"{label}: {_written(int(seconds))}")


def _written(seconds: int) -> str:
    days, rest = divmod(seconds, _DAY)
    hours = f"{rest // 3600}:{rest % 3600 // 60:02d} hours"
    return f"{days:,} day{'' if days == 1 else 's'} and {hours}" if days else hours
