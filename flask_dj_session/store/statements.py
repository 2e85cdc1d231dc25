"""A statement of SQLAlchemy Core, and the same as text and parameters for the driver."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from .table import ExpireDate

Values = Mapping[str, Any]


class _ForDriver(NamedTuple):
    dialect: sa.Dialect
    text: str
    parameters: Callable[[Values], Any]


class Statement:
    """A Core statement that is compiled once.

    SQLAlchemy caches what it compiles, too, but what it does around that at each execution costs
    more than the statement itself on SQLite.

    :param core: the statement.
    :param dates: its parameters that are dates.
    :param date_type: the type of these, where all others are text or numbers; without it the
        statement is left to SQLAlchemy.
    """

    def __init__(
        self,
        core: sa.Select[Any] | sa.Insert | sa.Update | sa.Delete,
        *,
        dates: tuple[str, ...] = (),
        date_type: ExpireDate | None = None,
    ) -> None:
        self.core = core
        self._dates = dates
        self._date_type = date_type
        self._for_driver: _ForDriver | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the driver can be given the statement."""
        return self._date_type is not None

    def for_driver(self, dialect: sa.Dialect, values: Values) -> tuple[str, Any]:
        """Return the text, and *values* as the driver takes them."""
        ready = self._for_driver
        if ready is None or ready.dialect is not dialect:
            ready = self._for_driver = self._compile(dialect)
        return ready.text, ready.parameters(values)

    def _compile(self, dialect: sa.Dialect) -> _ForDriver:
        assert self._date_type is not None
        compiled: Any = self.core.compile(dialect=dialect)
        names = compiled.positiontup if compiled.positional else list(compiled.params)
        literals = {name: value for name, value in compiled.params.items() if value is not None}
        convert = self._date_type.for_driver(dialect)
        converted = [(name, convert if name in self._dates else None) for name in names]

        def parameters(values: Values) -> Any:
            given = {**literals, **values} if literals else values
            ready = [
                given[name] if convert is None else convert(given[name])
                for name, convert in converted
            ]
            return tuple(ready) if compiled.positional else dict(zip(names, ready, strict=True))

        return _ForDriver(dialect, str(compiled), parameters)
