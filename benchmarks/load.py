"""Visitors of a server on this machine: one event loop, and a connection for each request.

So it is behind most proxies; and both workers get their share, as with connections that are kept
alive they would not.
"""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import NamedTuple


class Answer(NamedTuple):
    """The response to one request."""

    status: int
    headers: dict[str, str]
    body: str
    seconds: float


class Visitor:
    """A browser that asks one thing after the other, and keeps its cookie.

    :param port: of the server.
    :param cookie: one that it has from before.
    """

    def __init__(self, port: int, cookie: str = "") -> None:
        self.cookie = cookie
        self._port = port

    async def get(self, path: str) -> Answer:
        """Ask for *path*; nothing is asked twice.

        :raises OSError: where there is no whole answer.
        """
        begin = perf_counter()
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        cookie = f"Cookie: {self.cookie}\r\n" if self.cookie else ""
        writer.write(f"GET /{path} HTTP/1.0\r\nHost: localhost\r\n{cookie}\r\n".encode())
        response = await reader.read()
        seconds = perf_counter() - begin
        writer.close()
        answer = _parse(response.decode("latin-1"), seconds)
        if set_cookie := answer.headers.get("set-cookie"):
            self.cookie = set_cookie.partition(";")[0]
        return answer


def _parse(response: str, seconds: float) -> Answer:
    head, ended, body = response.partition("\r\n\r\n")
    if not ended:
        raise ConnectionError("The server has not answered.")
    status, *lines = head.split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    headers = {name.lower(): value for name, _, value in pairs}
    if len(body) < int(headers.get("content-length", 0)):
        raise ConnectionError("The server's answer breaks off.")
    return Answer(int(status.split()[1]), headers, body, seconds)


async def wait_for_workers(port: int, number: int) -> None:
    """Ask until each of *number* workers has answered."""
    seen: set[str] = set()
    while len(seen) < number:
        answers = await asyncio.gather(*(Visitor(port).get("untouched") for _ in range(16)))
        seen |= {answer.headers["x-worker"] for answer in answers}
