"""References to rows, for URLs: nobody reads a key in a history or a log, or makes one up.

    references = References(secret_key)
    reference = references.to("zjbo04lhtzt9qxwdvnrh3fsukh0qdf7j")
    references.row_of(reference, store)

A reference has the beginning of the key, by which the index finds the row, and a keyed digest of
all of it, by which the row is known; both are signed. One key has one reference, which holds until
SECRET_KEY is changed.
"""

from __future__ import annotations

import hmac
from typing import Any, NamedTuple

from itsdangerous import BadData, URLSafeSerializer

from ..presentation.formatting import SHOWN
from ..store import Store, StoredRow
from .key_derivation import NAME, derived_key

#: keys are text, but in a column of SQLite there may be bytes
Key = str | bytes

#: how many characters a key has at least by which Django finds a session, and is kept secret
_SECRET = 8
#: how many rows are looked at: with keys drawn at random one, where many begin alike some more
_SIZES = (1, 100)


class Beginning(NamedTuple):
    """What a reference says of a key."""

    start: Key
    digest: str


class References:
    """Writes references to session keys, and finds the rows that they mean."""

    def __init__(self, secret_key: str | bytes) -> None:
        self._digest_key = derived_key(secret_key, "reference.digest")
        # In SQLite there may be text that is no UTF-8, and so has no characters.
        self._serializer = URLSafeSerializer(
            secret_key, salt=f"{NAME}.reference", serializer_kwargs={"ensure_ascii": True}
        )

    def to(self, session_key: Key) -> str:
        """Return a reference to *session_key* that may stand in a URL."""
        start = session_key[: _shown_of(session_key)]
        # JSON knows no bytes; Latin-1 has a character for each.
        text = [start.decode("latin-1"), "bytes"] if isinstance(start, bytes) else [start]
        written = self._serializer.dumps([self._digest(session_key), *text])
        return written.decode() if isinstance(written, bytes) else written

    def row_of(self, reference: str, store: Store) -> StoredRow | None:
        """Return the row that *reference* means; None for one that is gone, or not made here."""
        beginning = self._read(reference)
        return None if beginning is None else self._row(beginning, store)

    def place_of(self, reference: str, store: Store) -> Key | None:
        """Return where in the order of keys the row is; where it was, if it is gone.

        None for a reference that was not made here.
        """
        beginning = self._read(reference)
        if beginning is None:
            return None
        row = self._row(beginning, store)
        return beginning.start if row is None else row.session_key

    def _read(self, reference: str) -> Beginning | None:
        try:
            digest, start, *kind = self._serializer.loads(reference)
        except BadData:
            return None
        return Beginning(start.encode("latin-1") if kind else start, digest)

    def _row(self, beginning: Beginning, store: Store) -> StoredRow | None:
        if self._is_meant(beginning.start, beginning):  # of a short key, all is known
            return store.row(beginning.start)
        last: Any = beginning.start
        for size in _SIZES:
            for row in store.page(size=size, above=last):
                if self._is_meant(row.session_key, beginning):
                    return row
                last = row.session_key
        return None

    def _is_meant(self, session_key: Any, beginning: Beginning) -> bool:
        return hmac.compare_digest(self._digest(session_key), beginning.digest)

    def _digest(self, session_key: Any) -> str:
        is_text = not isinstance(session_key, bytes)
        raw = str(session_key).encode(errors="surrogatepass") if is_text else session_key
        digest = hmac.digest(self._digest_key, (b"t" if is_text else b"b") + raw, "sha256")
        return digest[:16].hex()


def _shown_of(session_key: Key) -> int:
    """Return how many characters of a key may be known, so that nobody can guess the rest."""
    length = len(session_key)
    return length if length < _SECRET else min(SHOWN, length // 4)
