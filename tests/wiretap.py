"""A proxy before a database server that notes what arrives there, and can cut the wires."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

import sqlalchemy as sa

from .databases import backend_of

_PORTS = {"postgresql": 5432, "mysql": 3306}

# Commands of MySQL's protocol.
_QUIT, _QUERY, _PREPARE, _EXECUTE, _CLOSE = 0x01, 0x03, 0x16, 0x17, 0x19


# With this, PostgreSQL ends an answer: a kind, a length, and one byte more.
_READY, _READY_LENGTH = b"Z\0\0\0\5", 6


class _Message(NamedTuple):
    """What a client has sent."""

    #: where it ends in the data
    end: int
    #: what it says, where that is a statement
    statement: str | None = None
    #: whether the statement is run now: this one, or the one before
    runs: bool = False
    #: whether the client waits for an answer
    answered: bool = False


class Wiretap:
    """Passes bytes on to *server*, and notes the statements among them."""

    def __init__(self, server: sa.URL) -> None:
        self._server = (
            server.host or "127.0.0.1",
            server.port or _PORTS[backend_of(server)],
        )
        self._read = _postgresql if backend_of(server) == "postgresql" else _mysql
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.statements: list[str] = []
        self.round_trips = 0
        self._lose: str | None = None
        self._lost = False
        self.url = server.set(host="127.0.0.1", port=self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def forget(self) -> None:
        """Begin the notes anew."""
        self.statements.clear()
        self.round_trips = 0

    def lose_answer_to(self, kind: str) -> None:
        """Let the next statement of *kind* arrive; when the server answers, cut the wire instead.

        :param kind: how the statement begins, as "UPDATE".
        """
        self._lose, self._lost = kind, False

    def cut(self) -> None:
        """Close all connections, as a server does that is restarted."""
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._open.clear()

    def close(self) -> None:
        """Stop."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            self._open += [client, server]
            for source, target, noting in ((client, server, True), (server, client, False)):
                threading.Thread(
                    target=self._pass_on, args=(source, target, noting), daemon=True
                ).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, noting: bool) -> None:
        rest = lost = b""
        with suppress(OSError):
            while data := source.recv(65536):
                if noting:
                    rest = self._note(rest + data)
                elif self._lost:
                    lost = (lost + data)[-_READY_LENGTH:]
                    if self._read is _postgresql and not lost.startswith(_READY):
                        continue  # there are answers to what prepares the statement, too
                    self._lost = False
                    break
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _note(self, data: bytes) -> bytes:
        consumed = 0
        for message in self._read(data):
            consumed = message.end
            if message.statement is not None:
                self.statements.append(message.statement)
            if message.runs and self._lose and self.statements[-1].startswith(self._lose):
                self._lose, self._lost = None, True
            self.round_trips += message.answered
        return data[consumed:]


def _postgresql(data: bytes) -> Iterator[_Message]:
    """Read the messages of a client."""
    at = 0
    while len(data) - at >= 5:
        kind = data[at : at + 1]
        startup = kind == b"\0"
        (length,) = struct.unpack_from(">I", data, at if startup else at + 1)
        end = at + length + (not startup)
        if end > len(data):
            return
        body = data[at + 5 : end]
        statement = None
        if kind == b"Q":
            statement = body.rstrip(b"\0").decode()
        elif kind == b"P":
            statement = body.split(b"\0")[1].decode()
        elif kind == b"B":
            # A prepared statement is bound by its name alone.
            name = body.split(b"\0")[1].decode()
            statement = f"(prepared {name})" if name else None
        yield _Message(end, statement, kind in (b"Q", b"E"), kind in (b"Q", b"S"))
        at = end


def _mysql(data: bytes) -> Iterator[_Message]:
    """Read the packets of a client: commands begin a new sequence, the handshake does not."""
    at = 0
    while len(data) - at >= 4:
        length = int.from_bytes(data[at : at + 3], "little")
        end = at + 4 + length
        if end > len(data):
            return
        begins, body = data[at + 3] == 0, data[at + 4 : end]
        yield _mysql_command(end, body) if begins else _Message(end)
        at = end


def _mysql_command(end: int, body: bytes) -> _Message:
    command = body[0]
    statement = body[1:].decode() if command in (_QUERY, _PREPARE) else None
    return _Message(end, statement, command in (_QUERY, _EXECUTE), command not in (_QUIT, _CLOSE))


@contextmanager
def tapped(server: sa.URL) -> Iterator[Wiretap]:
    """Lend a wiretap before *server*."""
    tap = Wiretap(server)
    try:
        yield tap
    finally:
        tap.close()
