"""Moving the end of a row and nothing else: the two statements for that.

The end comes with the text of a row, as the database writes it. It is moved only while it is still
written so: whoever has saved, moved or removed the row meanwhile has had the last word.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import bindparam

from .raw import moment_of, raw_date
from .statements import Statement
from .table import DjangoDateTime


class LoadedEnd(NamedTuple):
    """When a row ends, at the time when it was loaded."""

    #: aware, in UTC
    moment: datetime
    #: what the database says of it
    raw: Any


class Touching:
    """The statements that load a row with its end, and move that.

    :param make: makes a statement of one of Core's, with the names of its parameters that are
        dates.
    """

    def __init__(
        self, table: sa.Table, dialect: sa.Dialect, make: Callable[..., Statement]
    ) -> None:
        columns = table.c
        by_key = columns.session_key == bindparam("key")
        end_type = columns.expire_date.type
        expires_after = columns.expire_date > bindparam("now", type_=end_type)
        raw = raw_date(columns.expire_date, dialect)
        self._date_type = end_type
        self.load = make(sa.select(columns.session_data, raw).where(by_key, expires_after), "now")
        self.move = make(
            sa.update(table)
            .where(by_key, raw == bindparam("loaded", type_=sa.types.NullType()))
            .values(expire_date=bindparam("end", type_=end_type)),
            "end",
        )

    def end_of(self, raw: Any) -> LoadedEnd | None:
        """Return the end that :attr:`load` has found; None where it is no date to Python."""
        assert isinstance(self._date_type, DjangoDateTime)
        moment = moment_of(raw, self._date_type)
        return None if moment is None else LoadedEnd(moment, raw)
