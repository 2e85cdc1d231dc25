"""Fingerprints of keys: by them somebody tells whether two processes have the same key.

What is printed ends in terminals, tickets and logs. So a fingerprint says as little as it can. It
is so short that of a few thousand guessed keys one has it by chance, it takes a while to compute,
so that nobody tries many, and each database has others, so that nobody has a list of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

from .finding import Finding

_LABEL = b"flask_dj_session fingerprint\0"
_ROUNDS = 200_000
#: hexadecimal digits, of four bits each
_DIGITS = 3


@lru_cache(maxsize=32)
def fingerprint(key: str | bytes, database: str) -> str:
    """Return the fingerprint of *key* among programs on the database of that name."""
    raw = key.encode() if isinstance(key, str) else key
    salt = _LABEL + database.encode(errors="replace")
    return hashlib.pbkdf2_hmac("sha256", raw, salt, _ROUNDS).hex()[:_DIGITS]


def fingerprint_finding(keys: Sequence[str | bytes], database: str) -> Finding:
    """Tell the fingerprints of SECRET_KEY and its fallbacks."""
    names = ["SECRET_KEY", *(f"SECRET_KEY_FALLBACKS[{index}]" for index in range(len(keys) - 1))]
    told = (f"{name} {fingerprint(key, database)}" for name, key in zip(names, keys, strict=True))
    return Finding("ok", f"Fingerprints on database '{database}': {', '.join(told)}.")
