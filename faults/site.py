"""The site that is asked, its database, and what it means that something does not hold."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa


@dataclass
class Site:
    """A served site, and its database."""

    port: int
    url: str
    visitors: int
    requests: int
    workers: int

    def stored(self) -> set[str]:
        """Return the keys of all rows."""
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            keys = connection.exec_driver_sql("SELECT session_key FROM django_session").scalars()
            return set(keys)

    @property
    def each(self) -> int:
        """How many requests each visitor makes."""
        return -(-self.requests // self.visitors)


class CheckError(AssertionError):
    """Something does not hold."""


def require(holds: bool, message: str) -> None:
    """Fail where *holds* is false."""
    if not holds:
        raise CheckError(message)
