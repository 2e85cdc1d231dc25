"""A session engine for Django that keeps what two requests change at once.

    SESSION_ENGINE = "flask_dj_session.django_engine"

Its rows are those of Django's own ``db`` engine, and so are its keys, cookies and signatures, so a
project can change to it and back at any time. ``SESSION_MERGERS`` in the project's settings is
what ``mergers`` is to ``DjangoSessions``: functions, or their dotted names, by the name of an item.

Nothing but Django imports this file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import connections, router
from django.db.models import F, Func, QuerySet, TextField
from django.db.models.functions import Collate
from django.utils import timezone
from django.utils.module_loading import import_string

from . import errors
from .conflicts import Merging, RowValues
from .merging import MERGERS, Merger


class SessionStore(DatabaseStore):  # type: ignore[misc]
    """Django's store, whose saves and logins keep what other requests have stored meanwhile.

    # Django 5.2, sessions/backends/db.py: SessionStore
    """

    # The text of the row as this session knows it; None where all of it is to be replaced.
    _row_text: str | None = None
    # The text of the row that a new key leaves behind, while it is deleted.
    _left_text: str | None = None
    # What was read last.
    _read_text: str | None = None

    def load(self) -> dict[str, Any]:
        """Return the stored data."""
        self._read_text = None
        data: dict[str, Any] = super().load()
        self._row_text = self._read_text
        return data

    async def aload(self) -> dict[str, Any]:
        """Do what :meth:`load` does."""
        self._read_text = None
        data: dict[str, Any] = await super().aload()
        self._row_text = self._read_text
        return data

    def decode(self, session_data: str) -> dict[str, Any]:
        """Return the data of a text."""
        self._read_text = session_data
        data: dict[str, Any] = super().decode(session_data)
        return data

    def clear(self) -> None:
        """Drop the data; what others store meanwhile goes, too."""
        super().clear()
        self._row_text = None

    def save(self, must_create: bool = False) -> None:
        """Store the session; what others have stored since it was loaded is kept.

        :raises UpdateError: if the row is gone, or belongs to another login.
        """
        if self.session_key is None:
            self.create()
            return
        if must_create or self._row_text is None:
            super().save(must_create)
            self._row_text = self._made_text
            return
        self._get_session()
        with _djangos_errors():
            self._row_text = self._merging().store(self.session_key, self._row_text)

    async def asave(self, must_create: bool = False) -> None:
        """Do what :meth:`save` does."""
        await sync_to_async(self.save)(must_create)

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        """Return what is stored."""
        row = super().create_model_instance(data)
        self._made_text = row.session_data
        return row

    def cycle_key(self) -> None:
        """Move the data to a new key, with what others have stored under the old one meanwhile."""
        self._get_session()
        self._left_text = self._row_text
        try:
            super().cycle_key()
        finally:
            self._left_text = None

    async def acycle_key(self) -> None:
        """Do what :meth:`cycle_key` does."""
        await sync_to_async(self.cycle_key)()

    def delete(self, session_key: str | None = None) -> None:
        """Remove a row, if there is one."""
        if self._left_text is None or session_key is None:
            super().delete(session_key)
            return
        merging = self._merging()
        if merging.leave(session_key, self._left_text) == (True, True):
            self.save()

    async def adelete(self, session_key: str | None = None) -> None:
        """Do what :meth:`delete` does."""
        await sync_to_async(self.delete)(session_key)

    def _merging(self) -> Merging:
        return Merging(
            _Rows(self.model, self._made_row),
            timezone.now,
            _mergers(),
            self._session_cache,
            self._row_values,
            self.decode,
            self.decode,
            self._form,
        )

    def _made_row(self) -> Any:
        return self.create_model_instance(self._session_cache)

    def _row_values(self) -> RowValues:
        row = self._made_row()
        # As in 'Model.save': a column may have the time of the write, or be the database's to fill.
        columns = {
            one.attname: one.pre_save(row, add=False)
            for one in row._meta.concrete_fields
            if not (one.primary_key or getattr(one, "generated", False))
        }
        columns.pop("session_key", None)
        return RowValues(columns.pop("session_data"), columns.pop("expire_date"), columns)

    def _form(self, name: str, value: Any) -> object:
        return self.serializer().dumps({name: value})


class _Rows:
    """The rows of Django's table, as they are asked for while changes are merged."""

    def __init__(self, model: Any, made_row: Callable[[], Any]) -> None:
        self._model = model
        self._made_row = made_row

    def reload(self, session_key: str, now: datetime) -> str | None:
        rows = self._rows(session_key).filter(expire_date__gt=now)
        text: str | None = rows.values_list("session_data", flat=True).first()
        return text

    def replace(
        self,
        session_key: str,
        as_loaded: str,
        session_data: str,
        expire_date: datetime,
        **columns: Any,
    ) -> bool:
        values = {"session_data": session_data, "expire_date": expire_date, **columns}
        return bool(self._rows(session_key, as_loaded).update(**values))

    def delete(self, session_key: str, as_loaded: str | None = None) -> bool:
        return bool(self._rows(session_key, as_loaded).delete()[0])

    def _rows(self, session_key: str, as_loaded: str | None = None) -> QuerySet[Any]:
        using = router.db_for_write(self._model)
        rows = self._model.objects.using(using).filter(session_key=session_key)
        if as_loaded is None:
            return rows
        as_bytes, value = _compared(connections[using].vendor, as_loaded)
        return rows.alias(as_bytes=as_bytes).filter(as_bytes=value)


def _compared(vendor: str, text: str) -> tuple[Any, str]:
    """Return what is compared with what, so that no collation is asked."""
    if vendor == "mysql":
        digest = hashlib.sha256(text.encode()).hexdigest()
        return Func("session_data", template=_SHA2, output_field=TextField()), digest
    collation = {"postgresql": "C", "sqlite": "BINARY"}.get(vendor)
    return (Collate("session_data", collation) if collation else F("session_data")), text


_SHA2 = "SHA2(CONVERT(%(expressions)s USING utf8mb4), 256)"


def _mergers() -> dict[str, Merger]:
    """Return the mergers of SESSION_MERGERS, beside those of messages."""
    given: Mapping[str, Merger | str] = getattr(settings, "SESSION_MERGERS", {})
    return {
        **MERGERS,
        **{
            name: import_string(merger) if isinstance(merger, str) else merger
            for name, merger in given.items()
        },
    }


@contextmanager
def _djangos_errors() -> Iterator[None]:
    try:
        yield
    except errors.UpdateError as error:
        # For this one, SessionMiddleware answers that the session was ended.
        raise UpdateError from error
