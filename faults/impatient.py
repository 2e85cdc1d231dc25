"""Visitors whose requests are ended at random: ``python -m faults.impatient WAY REQUESTS SEED``.

The URL of the database comes on standard input. Each visitor is told a name and a count. Whoever
was not interrupted must be told their own; whoever was may have been counted or not. In the end it
prints as JSON what was seen, or fails.
"""

from __future__ import annotations

import contextvars
import json
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from flask import Flask, session
from flask_sqlalchemy import SQLAlchemy
from werkzeug.exceptions import InternalServerError

from flask_dj_session import DjangoSessions

from .site import require

VISITORS = 24
_IMPATIENT = 0.4  # the share of the requests that may be ended
_TRIALS = 60  # requests by which it is known how long one takes


class GivenUp(BaseException):  # as gevent.Timeout and GreenletExit are
    """Nobody waits for the answer any more."""


class TooLate(Exception):  # noqa: N818 - as Celery's SoftTimeLimitExceeded is
    """There is a moment left to tidy up."""


def make_site(url: str) -> Flask:
    """Make an app that tells each visitor their name and count, and its table."""
    app = Flask("impatient")
    app.config.update(SECRET_KEY="x", SQLALCHEMY_DATABASE_URI=url)
    app.logger.disabled = True
    sessions = DjangoSessions(app, SQLAlchemy(app))
    with app.app_context():
        sessions.create_table()

    @app.get("/<name>")
    def count(name: str) -> str:
        session["n"] = session.get("n", 0) + 1
        return f"{session.setdefault('name', name)} {session['n']}"

    @app.errorhandler(InternalServerError)
    def tell(error: InternalServerError) -> tuple[str, int]:
        return repr(error.original_exception), 500

    return app


#: A server that is busy may carry out what was sent by a visit that was ended only after so many of
#: the visitor's next ones. Then it overwrites them, as whatever is saved last.
_LATE = 3


class Visitor:
    """Comes again and again, and compares what is told."""

    def __init__(self, site: Flask, name: str) -> None:
        self._client = site.test_client()
        self._name = name
        self._told = 0
        self._failed = 0
        #: the least that an ended visit may have stored, and for how many visits that counts
        self._late, self._visits_left = 0, 0

    def visit(self, ending: AbstractContextManager[object] | None = None) -> str:
        """Come once, and return what became of it; what is inside *ending* may be ended."""
        try:
            with ending or nullcontext():
                answer = contextvars.copy_context().run(self._client.get, f"/{self._name}")
        except (GivenUp, Exception):
            # Flask, too, may be left in the middle of something, and say so.
            if ending is None:
                raise
            self._note_end()
            return "given up"
        if answer.status_code == 200:
            self._compare(answer.text)
            return "answered"
        told = f"{answer.status_code}: {answer.text}"
        require(ending is not None, f"{self._name} was answered {told}")
        self._note_end()
        return "too late"

    def _note_end(self) -> None:
        self._failed += 1
        if not self._visits_left:
            self._late = self._told + 1
        self._visits_left = _LATE

    def _compare(self, text: str) -> None:
        name, _, number = text.partition(" ")
        require(name == self._name, f"{self._name} was given the session of {name}.")
        most = self._told + self._failed + 1
        least = min(self._told, self._late) if self._visits_left else self._told
        right = least < int(number) <= most
        require(right, f"{self._name} was told {number}; it was {self._told}, {most} at most.")
        self._told, self._failed = int(number), 0
        self._visits_left = max(0, self._visits_left - 1)


def by_signals(site: Flask, requests: int, dice: random.Random) -> Counter[str]:
    """Let one visitor come after the other, and a signal end what they ask."""
    visitors = [Visitor(site, f"visitor{number}") for number in range(VISITORS)]
    longest = 2 * _time_of(visitors, dice)
    seen = Counter[str]()
    for _ in range(requests):
        impatient = dice.random() < _IMPATIENT
        ending = _signal_after(dice.uniform(0, longest), dice) if impatient else None
        seen[dice.choice(visitors).visit(ending)] += 1
    return seen


def _time_of(visitors: list[Visitor], dice: random.Random) -> float:
    begin = time.perf_counter()
    for _ in range(_TRIALS):
        dice.choice(visitors).visit()
    return (time.perf_counter() - begin) / _TRIALS


@contextmanager
def _signal_after(seconds: float, dice: random.Random) -> Iterator[None]:
    armed = True

    def end(*_: object) -> None:
        if armed:
            raise dice.choice([GivenUp, TooLate])

    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-6))
    try:
        yield
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)


def by_gevent(site: Flask, requests: int, dice: random.Random) -> Counter[str]:
    """Let all visitors come at once, each in a greenlet, and a timeout end what they ask."""
    import gevent

    visitors = [Visitor(site, f"visitor{number}") for number in range(VISITORS)]
    longest = 2 * VISITORS * _time_of(visitors, dice)
    seen = Counter[str]()

    def visits(visitor: Visitor) -> None:
        for _ in range(requests // VISITORS):
            impatient = dice.random() < _IMPATIENT
            error = dice.choice([GivenUp, TooLate])
            ending = gevent.Timeout(dice.uniform(0, longest), error) if impatient else None
            seen[visitor.visit(ending)] += 1
            # A server waits for the next request here, and lets those go on who wait for the
            # connection. Without it nine visitors wait until others have made all their visits.
            gevent.sleep(0)

    gevent.joinall([gevent.spawn(visits, visitor) for visitor in visitors], raise_error=True)
    return seen


WAYS: dict[str, Any] = {"signals": by_signals, "gevent": by_gevent}


def main() -> None:
    """Do what the arguments say."""
    way, requests, seed = sys.argv[1:]
    site = make_site(sys.stdin.readline().strip())
    print(json.dumps(WAYS[way](site, int(requests), random.Random(int(seed)))))


if __name__ == "__main__":
    main()
