"""Session keys: drawing new ones, and telling what can be one. No storage."""

from __future__ import annotations

import re
import secrets
import string
from typing import TypeGuard

KEY_LENGTH = 32
MAX_LENGTH = 40  # of the column that Django makes

_ALPHABET = string.ascii_lowercase + string.digits
# A byte below 252 = 7 * 36 stands for one character, all of them equally often; the other
# four byte values are thrown away.
_CHARACTER_OF_BYTE = bytes(_ALPHABET[byte % 36].encode()[0] for byte in range(256))
_BYTES_LEFT_OUT = bytes(range(252, 256))
_STORABLE = re.compile(r"[\x21-\x7e]{8,}")


def new_session_key() -> str:
    """Draw 32 characters of ``a-z0-9`` from the system's cryptographic source.

    # Django 5.2, sessions/backends/base.py: _get_new_session_key
    """
    key = b""
    while len(key) < KEY_LENGTH:
        key += secrets.token_bytes(40).translate(_CHARACTER_OF_BYTE, _BYTES_LEFT_OUT)
    return key[:KEY_LENGTH].decode("ascii")


def is_valid_key(key: object) -> bool:
    """Return whether Django would look *key* up: text of at least eight characters.

    # Django 5.2, sessions/backends/base.py: _validate_session_key
    """
    return isinstance(key, str) and len(key) >= 8


def is_storable_key(key: str | None, max_length: int = MAX_LENGTH) -> TypeGuard[str]:
    """Return whether a row can have *key*: visible ASCII characters, from 8 up to *max_length*.

    # Unlike Django: a cookie that no row can have costs no query, and a NUL in it is no
    # error of the database driver.
    """
    return key is not None and len(key) <= max_length and _STORABLE.fullmatch(key) is not None
