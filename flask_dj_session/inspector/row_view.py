"""A row as the pages draw it: its text in parts that have colours, and the steps to its data."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple

from ..presentation.explain import HASHES, steps_of
from ..presentation.formatting import plain, printable
from ..presentation.read_rows import ReadRow, read
from ..store import StoredRow
from ..wire import SessionCodec
from ..wire.anatomy import written
from ..wire.codec import packed_bytes

#: how many characters of a part are shown before all of it is asked for
SHOWN = 2000
#: how many characters of a signature are shown where the row is masked
_SIGNATURE_SHOWN = 6


class Part(NamedTuple):
    """Some text, as much of it as is shown."""

    text: str
    #: how many characters are left out
    left_out: int = 0


class RowView(NamedTuple):
    """All that is drawn of a row."""

    row: ReadRow
    is_masked: bool
    #: ``signed``, ``legacy``, or ``none`` where the column holds no text
    form: str
    payload: Part
    time: Part
    signature: Part
    #: what makes signatures of this form
    digest: str
    #: the bytes behind the base64 of the signed form, where it is base64
    packed: bytes
    #: what was found on the way to the data, by the names that ``flask sessions decode --json`` has
    facts: dict[str, Any]
    #: the same in words, by label
    said: dict[str, str]
    #: why the way ends before the data, if it does
    error: str | None
    #: the data as JSON; None where it is not known
    data: Part | None
    #: until it expires; negative after that, None where there is no date
    seconds_left: float | None

    @property
    def is_cut(self) -> bool:
        """Whether something is left out that may be asked for."""
        parts = (self.payload, self.time, self.signature, self.data)
        return any(part and part.left_out for part in parts)


def row_view_of(
    stored: StoredRow,
    codec: SessionCodec,
    now: datetime,
    *,
    is_masked: bool,
    is_full: bool,
    unverified: bool,
) -> RowView:
    """Take a row apart.

    :param is_masked: leave out most of the signature.
    :param is_full: show all of a text, however long.
    :param unverified: also show data that none of the keys signed.
    """
    limit = None if is_full else SHOWN
    text = stored.session_data
    if not isinstance(text, str):
        return _row_view_of_no_text(stored, codec, now, is_masked=is_masked)
    steps = steps_of(text, codec, unverified=unverified)
    parts = written(text)
    data = steps.facts["data"]
    said = dict(steps.lines)
    is_unpacked = parts.form == "signed" and "payload" in said
    return RowView(
        row=read(stored, codec),
        is_masked=is_masked,
        form=parts.form,
        payload=_part(parts.payload, limit),
        time=_part(parts.time, limit),
        signature=_signature(parts.signature, limit, is_masked=is_masked),
        digest=HASHES[parts.form],
        packed=packed_bytes(parts.payload) if is_unpacked else b"",
        facts=steps.facts,
        said=said,
        error=steps.facts["error"],
        data=None if data is None else _part(_as_json(data), limit),
        seconds_left=_seconds_left(stored, now),
    )


def _row_view_of_no_text(
    stored: StoredRow, codec: SessionCodec, now: datetime, *, is_masked: bool
) -> RowView:
    row = read(stored, codec)
    facts = dict.fromkeys(["signed_at", "verified"])
    nothing = Part("")
    return RowView(
        row,
        is_masked,
        form="none",
        payload=nothing,
        time=nothing,
        signature=nothing,
        digest="",
        packed=b"",
        facts=facts,
        said={},
        error=str(row.error),
        data=None,
        seconds_left=_seconds_left(stored, now),
    )


def _part(text: str, limit: int | None) -> Part:
    """Take as much of a text as is shown: letters of any script as they are, the rest escaped."""
    taken = text[:limit]
    shown = "\n".join(printable(line) for line in taken.split("\n"))
    return Part(shown, len(text) - len(taken))


def _as_json(data: Any) -> str:
    return json.dumps(plain(data), indent=2, ensure_ascii=False)


def _signature(text: str, limit: int | None, *, is_masked: bool) -> Part:
    if is_masked and text:
        return Part(printable(text[:_SIGNATURE_SHOWN]) + "…")
    return _part(text, limit)


def _seconds_left(stored: StoredRow, now: datetime) -> float | None:
    date = stored.expire_date
    return None if date is None else (date - now).total_seconds()
