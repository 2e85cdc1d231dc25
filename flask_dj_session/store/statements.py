"""A statement of SQLAlchemy Core, and the same as text and parameters for the driver."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa

from .table import DjangoDateTime

Values = Mapping[str, Any]


class ForDriver(NamedTuple):
    """A statement as the driver takes it."""

    dialect: sa.Dialect
    text: str
    #: whether SQLAlchemy would do nothing more with its values and results
    is_plain: bool
    #: values that are always the same, such as a LIMIT
    literals: dict[str, Any]
    dates: list[str]
    #: makes what the driver takes of an aware datetime
    convert: Callable[[datetime], Any]
    #: makes of them what the driver takes: all in their order, or those that it knows by name
    arrange: Callable[[dict[str, Any]], Any]

    def parameters(self, values: Values) -> Any:
        """Return *values* as the driver takes them."""
        parameters = {**self.literals, **values}
        for name in self.dates:
            parameters[name] = self.convert(parameters[name])
        return self.arrange(parameters)


class Statement:
    """A Core statement that is compiled once.

    SQLAlchemy caches what it compiles, too, but what it does around that at each execution costs
    more than the statement itself on SQLite.

    :param core: the statement.
    :param dates: its parameters that are dates.
    :param date_type: the type of these; without it the statement is left to SQLAlchemy.
    :param types: the types of its other parameters and of its results.
    """

    def __init__(
        self,
        core: sa.Select[Any] | sa.Insert | sa.Update | sa.Delete,
        *,
        dates: tuple[str, ...] = (),
        date_type: DjangoDateTime | None = None,
        types: Collection[sa.types.TypeEngine[Any]] = (),
    ) -> None:
        self.core = core
        #: its parameters that are dates
        self.dates = dates
        self._date_type = date_type
        self._types = types
        self._for_driver: ForDriver | None = None

    def plain(self, dialect: sa.Dialect) -> ForDriver | None:
        """Return what the driver can be given directly; None where SQLAlchemy must be asked."""
        ready = self._for_driver
        if ready is None or ready.dialect is not dialect:
            if self._date_type is None:
                return None
            ready = self.for_driver(dialect)
        return ready if ready.is_plain else None

    def for_driver(self, dialect: sa.Dialect) -> ForDriver:
        """Return text and parameters for the driver."""
        ready = self._for_driver
        if ready is None or ready.dialect is not dialect:
            ready = self._for_driver = self._compile(dialect)
        return ready

    def _compile(self, dialect: sa.Dialect) -> ForDriver:
        assert self._date_type is not None
        compiled: Any = self.core.compile(dialect=dialect)
        params = compiled.params  # collected anew each time
        return ForDriver(
            dialect,
            str(compiled),
            not any(_is_converted(one, dialect) for one in self._types),
            {name: value for name, value in params.items() if value is not None},
            [name for name in self.dates if name in params],
            self._date_type.for_driver(dialect),
            _in_order(compiled.positiontup) if compiled.positional else _by_name(params),
        )


def _is_converted(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> bool:
    """Return whether SQLAlchemy makes something else of the values of a type, to and fro."""
    here = kind.dialect_impl(dialect)
    return bool(here.bind_processor(dialect) or here.result_processor(dialect, None))


def _in_order(names: list[str]) -> Callable[[dict[str, Any]], Any]:
    if len(names) == 1:
        return lambda parameters: (parameters[names[0]],)
    return itemgetter(*names)


def _by_name(names: Iterable[str]) -> Callable[[dict[str, Any]], Any]:
    wanted = list(names)
    return lambda parameters: {name: parameters[name] for name in wanted}
