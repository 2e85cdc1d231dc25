"""The site's own engine: it writes nothing to the cache that the database could take back."""

from django.contrib.sessions.backends import cached_db
from django.db import transaction


class SessionStore(cached_db.SessionStore):
    """Sessions in table and cache, which are never written inside of a transaction."""

    cache_key_prefix = "mysite.sessions"

    def save(self, must_create: bool = False) -> None:
        """Save outside of transactions alone."""
        _refuse_in_transaction()
        super().save(must_create)

    def delete(self, session_key: str | None = None) -> None:
        """Delete outside of transactions alone."""
        _refuse_in_transaction()
        super().delete(session_key)


def _refuse_in_transaction() -> None:
    if transaction.get_connection().in_atomic_block:
        raise RuntimeError("A session is written in a transaction that may be rolled back.")
