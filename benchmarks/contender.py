"""The process of one contender: ``python -m benchmarks.contender NAME URL SIZE``.

It is sent "kind, number of requests", and answers with the seconds that they took.
"""

from __future__ import annotations

import gc
import sys
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from werkzeug.test import create_environ

from .children import answer_lines
from .contenders import make_site
from .views import KINDS

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_VISITORS = 20

# What any browser sends.
_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate, br",
    "Accept-Language": "en-GB,en;q=0.5",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
}


class Answer(NamedTuple):
    """The response to one request."""

    status: str
    cookie: str
    body: str


class Contender:
    """Asks one site, and checks that it does what it should.

    :param keeps: whether it keeps sessions at all.
    """

    def __init__(self, site: WSGIApplication, *, keeps: bool) -> None:
        self._site: Any = site
        self._keeps = keeps
        self._cookies = [self._ask("begin").cookie for _ in range(_VISITORS)]
        self._counts = [1] * _VISITORS

    def time(self, kind: str, requests: int) -> float:
        """Return the seconds that *requests* of *kind* take, and check one more of them."""
        environs = self._environs(kind, requests)
        gc.collect()
        seconds = _time(self._site, environs)
        if kind == "returning":
            for number in range(requests):
                self._counts[number % _VISITORS] += 1
        self._check(kind)
        return seconds

    def _environs(self, kind: str, requests: int) -> list[dict[str, Any]]:
        cookies = [""] * _VISITORS if kind == "new" else self._cookies
        visitors = [_environ(KINDS[kind], cookie) for cookie in cookies]
        return [dict(visitors[number % _VISITORS]) for number in range(requests)]

    def _check(self, kind: str) -> None:
        answer = self._ask(KINDS[kind], "" if kind == "new" else self._cookies[0])
        if kind == "returning":
            self._counts[0] += 1
        if answer.status != "200 OK" or answer.body != self._expected(kind):
            raise RuntimeError(f"Asked for '{kind}', the site has answered {answer}.")

    def _expected(self, kind: str) -> str:
        if kind in ("returning", "read") and self._keeps:
            return str(self._counts[0])
        return {"returning": "1", "new": "1", "read": "0", "untouched": "untouched"}[kind]

    def _ask(self, path: str, cookie: str = "") -> Answer:
        seen: list[Any] = []
        body = self._site(_environ(path, cookie), lambda *arguments: seen.extend(arguments))
        text = b"".join(body).decode()
        body.close()
        headers = dict(seen[1])
        return Answer(seen[0], headers.get("Set-Cookie", "").partition(";")[0], text)


def _environ(path: str, cookie: str) -> dict[str, Any]:
    environ: dict[str, Any] = create_environ("/" + path, headers=_HEADERS)
    if cookie:
        environ["HTTP_COOKIE"] = cookie
    return environ


def _start_response(*arguments: Any) -> None:
    """Take note of nothing."""


def _time(site: Any, environs: list[dict[str, Any]]) -> float:
    begin = perf_counter()
    for environ in environs:
        body = site(environ, _start_response)
        for _ in body:
            pass
        body.close()
    return perf_counter() - begin


def main(name: str, url: str, size: str) -> None:
    """Be the process of contender *name*."""
    contender = Contender(make_site(name, url, size), keeps=name != "bare")

    def answer(line: str) -> str:
        kind, requests = line.split()
        return repr(contender.time(kind, int(requests)))

    answer_lines(answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
