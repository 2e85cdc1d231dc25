"""What a database's error may say: the reason, and nothing of the row that it is about.

Databases quote what they refuse, PostgreSQL the whole row: the session's key and its data. Such an
error ends as a traceback in the log of the app.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from .driver import sqlstate

# A value stands between what is kept of a message.
_VALUES = [
    re.compile(r"(Duplicate entry )'.*'( for key )", re.DOTALL),  # MySQL and MariaDB
    re.compile(r"( value: )'.*'( for )", re.DOTALL),
    re.compile(r"(: )\".*\"()", re.DOTALL),  # PostgreSQL; it quotes names, too, but after a word
    re.compile(r"( with text )'.*'()", re.DOTALL),  # SQLite, of what is no UTF-8
]
# The fields of PostgreSQL's answer, as pg8000 has them, that quote no value: severity, code,
# message, and the names of schema, table, column, type and constraint.
_FIELDS = "SVCMstcdn"


def redact(error: sa.exc.DBAPIError) -> None:
    """Take out of *error*, and of the driver's errors behind it, what the row holds.

    They stay what they are, with their codes; what PostgreSQL's ``diag`` has is printed nowhere.
    """
    error.hide_parameters = True
    orig = error.orig
    if orig is None:
        return
    has_answered = sqlstate(orig) is not None
    for each in _of_one_driver(orig):
        each.args = tuple(_redacted(told, has_answered) for told in each.args)
        for name, value in [*getattr(each, "__dict__", {}).items()]:
            if isinstance(value, str):  # MySQL's own driver keeps there what it prints
                setattr(each, name, _redacted(value, has_answered))
    kind = type(orig)
    error.args = (f"({kind.__module__}.{kind.__name__}) {orig}",)


def _of_one_driver(orig: BaseException) -> Iterator[BaseException]:
    """Return the driver's error, and those that a traceback shows with it."""
    package = type(orig).__module__.partition(".")[0]
    each: BaseException | None = orig
    while each is not None and type(each).__module__.partition(".")[0] == package:
        yield each
        each = each.__cause__ or each.__context__


def _redacted(told: Any, has_answered: bool) -> Any:
    if isinstance(told, dict):
        return {name: _redacted(told[name], has_answered) for name in told if name in _FIELDS}
    if not isinstance(told, str):
        return told
    for value in _VALUES:
        told = value.sub(r"\1***\2", told)
    # In its first line PostgreSQL says the reason; DETAIL, LINE and CONTEXT quote.
    return told.partition("\n")[0] if has_answered else told
