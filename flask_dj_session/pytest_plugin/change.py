"""What requests have done to a session, read from its row and its cookie; no fixtures here."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, Literal, NamedTuple

from flask.testing import FlaskClient
from werkzeug.test import Cookie

from .. import signals
from ..errors import DecodeError
from ..session import DjangoSession
from ..site import Site
from ..store.queries import StoredRow
from ..wire import keys
from .browser import django_site, session_cookie

Kind = Literal["untouched", "created", "changed", "touched", "cycled", "replaced", "flushed"]


class _Seen(NamedTuple):
    """What there was at a time."""

    cookie: Cookie | None
    row: StoredRow | None
    data: dict[str, Any]

    @property
    def session_key(self) -> str | None:
        return self.row.session_key if self.row else None


class SessionChange:
    """What happens to the session of a client between the beginning and the end of a ``with``.

    :param client: the client that asks meanwhile.
    """

    def __init__(self, client: FlaskClient) -> None:
        self._client = client
        self._site = django_site(client.application)
        self._before = self._after = _Seen(None, None, {})
        self._cycled: set[str | None] = set()
        self._listening = ExitStack()

    def __enter__(self) -> SessionChange:
        self._before = self._after = self._look()
        app = self._client.application
        self._listening.enter_context(signals.session_cycled.connected_to(self._note, app))
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()
        self._after = self._look()

    def _note(self, sender: object, session: DjangoSession) -> None:
        self._cycled.add(session.session_key)

    @property
    def kind(self) -> Kind:
        """What happened: nothing to the row, another row, another key, or the end."""
        before, after = self._before, self._after
        if after.row is None:
            return "flushed" if before.row else "untouched"
        if before.row is None:
            return "created"
        if before.session_key == after.session_key:
            return self._kind_under_one_key(before.row, after.row)
        return "cycled" if after.session_key in self._cycled else "replaced"

    def _kind_under_one_key(self, before: StoredRow, after: StoredRow) -> Kind:
        if before == after or self._is_same_entry():
            return "untouched"
        is_moved = before._replace(expire_date=after.expire_date) == after
        touches = self._site.settings.touch_after is not None
        return "touched" if is_moved and touches else "changed"

    def _is_same_entry(self) -> bool:
        # In a cache alone there is no text, so it is not known whether the same was written again.
        return not self._site.store.has_table and self._before.data == self._after.data

    @property
    def old_key(self) -> str | None:
        """The session's key before; None where there was no session."""
        return self._before.session_key

    @property
    def session_key(self) -> str | None:
        """The session's key afterwards; None where there is no session any more."""
        return self._after.session_key

    @property
    def old_data(self) -> dict[str, Any]:
        """The session's data before."""
        return self._before.data

    @property
    def data(self) -> dict[str, Any]:
        """The session's data afterwards."""
        return self._after.data

    @property
    def cookie(self) -> Cookie | None:
        """The cookie that was set: ``max_age``, ``secure``, ``http_only``, ``same_site`` and so on.

        None where no response has set it, or where one has deleted it.
        """
        after = self._after.cookie
        return None if after is self._before.cookie else after

    def _look(self) -> _Seen:
        cookie = session_cookie(self._client)
        with self._client.application.app_context():
            row = _live_row(self._site, cookie.value) if cookie else None
        return _Seen(cookie, row, _data(self._site, row) if row else {})


def _live_row(site: Site, key: str) -> StoredRow | None:
    if not keys.is_storable_key(key, site.store.max_key_length):
        return None
    row = site.store.row(key)
    return None if row is None or row.has_expired(site.now()) else row


def _data(site: Site, row: StoredRow) -> dict[str, Any]:
    # Not by a session, which would log what it cannot read: that is for the app to do.
    try:
        return site.session_codec().decode(row.session_data)
    except DecodeError:
        return {}
