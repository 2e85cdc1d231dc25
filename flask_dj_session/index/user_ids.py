"""The ids of users as the index has them: short texts that every database tells apart."""

from __future__ import annotations

import hashlib

from ..store.index.table import USER_ID_LENGTH

#: begins what stands for another id than the one in the session
_MARKS = ("sha256:", "?")
#: begins what stands for whoever is in a row that cannot be read
UNREADABLE = "?"


def written(user_id: str) -> str:
    """Return what stands in the index for the id in a session.

    An id that is long, or has other characters than those of ASCII that are seen, is named by its
    digest: no column cuts it short, and no collation takes it for another.
    """
    is_plain = user_id.isascii() and user_id.isprintable() and " " not in user_id
    if is_plain and len(user_id) <= USER_ID_LENGTH and not user_id.startswith(_MARKS):
        return user_id
    return f"sha256:{hashlib.sha256(user_id.encode(errors='surrogatepass')).hexdigest()}"


def unreadable(keys: tuple[str | bytes, ...], *, by: tuple[str, ...] = ()) -> str:
    """Return what stands for a row that none of these secret *keys* reads.

    With other keys it may be read, so they are told apart. The rows themselves say more of the
    keys: they are signed with them.

    :param by: the names of what else reads a row, such as the serializer.
    """
    digest = hashlib.sha256(b"flask_dj_session.index.unreadable")
    for key in keys:
        raw = key if isinstance(key, bytes) else key.encode()
        digest.update(hashlib.sha256(raw).digest())
    for name in by:
        digest.update(hashlib.sha256(b"by " + name.encode()).digest())
    return UNREADABLE + digest.hexdigest()[:8]
