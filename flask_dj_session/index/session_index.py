"""Whose each session of a site is: the one door, which knows what answers."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain

import sqlalchemy as sa

from .. import audit
from ..errors import DatabaseHeldError
from ..settings import site_store
from ..settings.serializers import serializer_class
from ..site import Site
from ..store.index import Entries, Entry
from . import user_ids
from .by_columns import ByColumns, user_columns
from .by_index import REFUSALS, ByIndex
from .by_reading import ByReading
from .found import Found
from .reading import RowReader

_logger = logging.getLogger("flask_dj_session.index")

#: the name under which an app knows it
EXTENSION = "django_sessions_index"
#: how long a process that has not found the table does not look for it at logins
LOOK_AGAIN = timedelta(minutes=1)


def index_of(site: Site) -> SessionIndex:
    """Return what knows whose the sessions of *site* are."""
    known: SessionIndex = site.sender.extensions.setdefault(EXTENSION, SessionIndex(site))
    return known


class SessionIndex:
    """Answers whose sessions are whose.

    :param site: the surroundings of the sessions of one app.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        #: whether pages of the app show when and from where somebody has logged in
        self.is_shown = False
        self._is_there = False
        self._missed_at: datetime | None = None

    @cached_property
    def columns(self) -> ByColumns | None:
        """What asks the columns of the site's own table; None where it has none for users."""
        columns = user_columns(site_store(self._site.sender.config))
        return None if columns is None else ByColumns(self._site.store, columns)

    @cached_property
    def entries(self) -> Entries:
        """The table beside that of the sessions, whether it is there or not.

        :raises NoTableError: where the sessions have no table.
        """
        store = self._site.store
        table = store.table
        return Entries(store.engine, table)

    @cached_property
    def by_index(self) -> ByIndex:
        """What asks that table."""
        return ByIndex(self._site.store, self.entries)

    @property
    def answers(self) -> bool:
        """Whether a user's sessions are found without reading all rows; asks the database."""
        return self.columns is not None or self.is_there()

    @property
    def is_in_use(self) -> bool:
        """Whether the app counts on that; where it does not, nothing is asked."""
        if self.columns is not None or self._is_there:
            return True
        return self.enters_logins and self.is_found()

    @property
    def enters_logins(self) -> bool:
        """Whether a login here leaves what it knows."""
        return self.is_shown or self._site.settings.enters_logins

    def reader(self) -> RowReader:
        """Return what reads rows with the keys and at the time of now."""
        settings = self._site.settings
        return RowReader(
            self._site.session_codec(),
            unreadable=user_ids.unreadable(settings.keys, by=self._read_by()),
            cookie_age=settings.cookie_age,
            touches=settings.touch_after is not None,
            now=self._site.now(),
        )

    def _read_by(self) -> tuple[str, ...]:
        """Name what reads rows, beside the keys: with another of these they may be read."""
        made_by = serializer_class(self._site.settings.serializer_setting)
        name = getattr(made_by, "__qualname__", type(made_by).__qualname__)
        return self._site.session_class.key_salt, f"{made_by.__module__}.{name}"

    def of_user(
        self, user_id: str, *, exactly: bool = False, or_by_reading: bool = True
    ) -> Iterator[list[Found]]:
        """Yield the rows of a user, expired ones too, some at a time.

        :param exactly: whether all rows are compared with the index first, so that no session is
            missed whose age is unusual. It takes a second for some hundred thousand rows.
        :param or_by_reading: whether all rows are read where the index is there and of no use,
            which may take many seconds; otherwise that is an error.
        """
        reader = self.reader()
        if self.columns is not None:
            return self.columns.of_user(user_id, reader)
        if self.is_there():
            age = self._site.settings.cookie_age
            pages = self.by_index.of_user(user_id, reader, age, exactly=exactly)
            return self._or_by_reading(pages, user_id, reader) if or_by_reading else pages
        return ByReading(self._site.store).of_user(user_id, reader)

    def _or_by_reading(
        self, pages: Iterator[list[Found]], user_id: str, reader: RowReader
    ) -> Iterator[list[Found]]:
        """Read all rows where the index is gone, or cannot be told of those that are new."""
        try:
            first = next(pages, None)
        except REFUSALS as error:
            if getattr(error, "connection_invalidated", False):
                raise  # which says nothing of the index
            if self.entries.exists():
                _logger.warning(
                    "The index of the sessions could not be brought up to date, so all rows are"
                    " read: %s.",
                    type(error).__name__,
                )
            else:
                self._is_there = False
            return ByReading(self._site.store).of_user(user_id, reader)
        return pages if first is None else chain([first], pages)

    def end(self, those: list[Found]) -> int:
        """End sessions: remove their rows, and return how many there were."""
        number = self._site.store.delete_keys([one.row.stored.key_to_delete for one in those])
        for one in those:
            audit.tell_revoked(
                self._site.settings, one.row.stored.session_key, user_id=one.row.user_id
            )
        return number

    def count_unreadable(self) -> int:
        """Count the rows of which the index does not know whose they are, as none could be read."""
        return self.by_index.unreadable(self.reader()) if self._is_there else 0

    @property
    def is_possible(self) -> bool:
        """Whether there can be an index: sessions in a cache alone have none."""
        return self._site.store.has_table

    def is_there(self) -> bool:
        """Return whether the table is in the database; once it is known, nothing is asked."""
        if not self._is_there:
            self._is_there = self.is_possible and self.entries.exists()
        return self._is_there

    def enter_login(
        self, session_key: str, user_id: str, address: str | None, user_agent: str | None
    ) -> None:
        """Note a login that has just been stored, and where it came from.

        Nobody's login fails for it: without it, the row is found as those that Django writes.
        """
        login = Entry(
            session_key,
            user_ids.written(user_id),
            self._site.now(),
            is_login_seen=True,
            address=address,
            user_agent=user_agent,
        )
        with self.for_a_login("A login is not in the index of the sessions"):
            if self.columns is not None:
                self.columns.record(session_key, address, user_agent)
            elif self.is_found():
                self.entries.enter(login)

    def move(self, former: str, session_key: str | None) -> None:
        """Keep what is known of a login when its session has moved to another key."""
        with self.for_a_login("A login is not in the index of the sessions"):
            if session_key is not None and self.columns is None and self.is_found():
                self.entries.move(former, session_key)

    @contextmanager
    def for_a_login(self, otherwise: str) -> Iterator[None]:
        """Write a line, and go on, where the index cannot be asked or written.

        :param otherwise: what the line says that was not done.
        """
        try:
            yield
        except (sa.exc.SQLAlchemyError, DatabaseHeldError) as error:
            self._is_there = False
            _logger.warning("%s: %s.", otherwise, type(error).__name__)

    def is_found(self) -> bool:
        """Do what :meth:`is_there` does, and ask only now and then where the table is missing."""
        if self._is_there:
            return True
        now = self._site.now()
        if self._missed_at is not None and now - self._missed_at < LOOK_AGAIN:
            return False
        if not self.is_there():
            if self._missed_at is None:
                self._tell_of_missing()
            self._missed_at = now
        return self._is_there

    def _tell_of_missing(self) -> None:
        if not self.is_possible:
            _logger.warning(
                "The sessions are in a cache alone, which has no index, so logins leave no time and"
                " no address."
            )
            return
        _logger.warning(
            "Table '%s' is not in the database, so logins leave no time and no address there."
            " Create it with 'flask sessions index'.",
            self.entries.table.name,
        )
