"""Two stores of sessions, ours and Django's, that draw the same keys at the same time."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any, NamedTuple

import hypothesis
import time_machine
from django.conf import settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from ..conftest import Site
from ..live_django import LiveDjango

#: what a guess may be taken for: a key that may be drawn, one of Django's, others' and no keys
GUESSES = ["0" * 31 + "2", "unknownkey" * 3 + "00", "abcd1234", "short", "x" * 40, "x y=;\"'z", ""]

_ERRORS = {"EncodeError": "TypeError"}


class Tab(NamedTuple):
    """One session, as we have it and as Django has it."""

    ours: Any
    theirs: Any

    def told(self) -> list[tuple[Any, ...]]:
        """Tell of both all that a request depends on; nothing is loaded for that."""
        return [
            (
                session.session_key,
                session.accessed,
                session.modified,
                session.is_empty(),
                repr(vars(session).get("_session_cache")),
            )
            for session in self
        ]


class TwinStores:
    """An app with a table, and a Django with another, on files of their own."""

    def __init__(self, site: Site, django: LiveDjango, clock: time_machine.Traveller) -> None:
        self.site = site
        self.django = django
        self.clock = clock
        self.use_tz: bool = site.app.config["USE_TZ"]
        self._files = [
            sqlite3.connect(site.app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///")),
            sqlite3.connect(django.database),
        ]
        self._drawn: dict[str, Iterator[int]] = {}

    def begin(self, moment: datetime, **config: Any) -> None:
        """Empty both tables at *moment*, count keys anew, and change settings of both."""
        # Not move_to(), which forgets the zone that Django has set.
        self.clock.shift(moment - datetime.now(timezone.utc))
        self._drawn = {"ours": itertools.count(1), "theirs": itertools.count(1)}
        self.site.app.config.update(config)
        for name, value in config.items():
            setattr(settings, name, value)
        for file in self._files:
            file.execute("DELETE FROM django_session")
            file.commit()

    def draw(self, whose: str) -> Callable[..., str]:
        """Return what takes the place of the drawing of keys."""
        return lambda *_: f"{next(self._drawn[whose]):032}"

    def tab(self, key: str | None = None) -> Tab:
        """Open the session of *key*."""
        return Tab(self.site.sessions.session(key), self.django.store(key))

    def rows(self) -> list[list[tuple[str, str, str]]]:
        """Return the rows of both tables, by key."""
        return [
            list(file.execute("SELECT * FROM django_session ORDER BY session_key"))
            for file in self._files
        ]

    def keys(self) -> list[str]:
        """Return the keys that are in our table."""
        return [key for key, _, _ in self.rows()[0]]

    def close(self) -> None:
        """Close the connections for looking on."""
        for file in self._files:
            file.close()


def outcome(do: Callable[[Any], Any], session: Any) -> tuple[str, Any]:
    """Do something with a session, and tell what came of it."""
    try:
        value = do(session)
    except Exception as error:
        name = type(error).__name__
        return "raised", _ERRORS.get(name, name)
    return "returned", repr(list(value) if hasattr(value, "mapping") else value)


MakeTwinStores = Callable[..., contextlib.AbstractContextManager[TwinStores]]


def run(make_machine: Callable[[], RuleBasedStateMachine], *, steps: int, part: float = 1) -> None:
    """Run a machine for a *part* of the examples of Hypothesis' profile."""
    examples = hypothesis.settings.default
    assert examples is not None
    run_state_machine_as_test(
        make_machine,  # type: ignore[arg-type] # it calls it, and no more
        settings=hypothesis.settings(
            max_examples=int(examples.max_examples * part), stateful_step_count=steps
        ),
    )
