"""Whether a row still has the text that was loaded: compared as bytes, long texts by a digest.

A collation may take two base64 texts for one that differ in case only, so none is asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects import mysql

#: of a text with more characters, its digest is sent to be compared
SHORT = 4096

#: the first PostgreSQL that has ``sha256``
_WITH_SHA256 = (11,)


@dataclass(frozen=True, eq=False)  # there are five, and each is itself
class Comparison:
    """How a text is compared with a column: what is made of each of the two."""

    of_column: Callable[[Any], Any]
    of_text: Callable[[str], str]

    def condition(self, column: Any) -> Any:
        """Return the condition that *column* has the text that is given as ``old``."""
        return self.of_column(column) == bindparam("old", type_=sa.Text())


def comparison(dialect: sa.Dialect, text: str) -> Comparison:
    """Return how the database of *dialect* compares *text*."""
    if dialect.name == "postgresql":
        version = getattr(dialect, "server_version_info", None) or ()
        return _SHA256 if len(text) > SHORT and version >= _WITH_SHA256 else _BYTES
    return {"mysql": _SHA2, "mariadb": _SHA2, "sqlite": _BINARY}.get(dialect.name, _PLAIN)


def _itself(value: Any) -> Any:
    return value


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _sha256(column: Any) -> Any:
    return sa.func.encode(sa.func.sha256(sa.func.convert_to(column, "UTF8")), "hex")


def _sha2(column: Any) -> Any:
    # The column may be in any character set. Digits are the same in every collation.
    return sa.func.sha2(sa.cast(column, mysql.CHAR(charset="utf8mb4")), 256)


_SHA256 = Comparison(_sha256, _digest)
_SHA2 = Comparison(_sha2, _digest)
_BYTES = Comparison(lambda column: sa.collate(column, "C"), _itself)
_BINARY = Comparison(lambda column: sa.collate(column, "BINARY"), _itself)
_PLAIN = Comparison(_itself, _itself)
