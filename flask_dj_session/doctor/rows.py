"""What the rows are, apart from who signed them: how many, expired, damaged."""

from __future__ import annotations

from collections.abc import Iterator

from .census import Census
from .finding import Finding, count, rows


def row_findings(census: Census) -> Iterator[Finding]:
    """Tell how many rows there are, and which of them are of no use."""
    if not census.total:
        yield Finding("ok", "The table is empty, so only its columns could be examined.")
        return
    compressed = f", {census.compressed:,} of them compressed" if census.compressed else ""
    yield Finding("ok", f"{rows(census.total)}{compressed}.")
    if census.expired:
        yield Finding(
            "note",
            f"{count(census.expired, 'row has', 'rows have')} expired.",
            "Run 'flask clearsessions', now and then.",
        )
    yield from _damage(census)


def _damage(census: Census) -> Iterator[Finding]:
    if census.corrupted:
        yield Finding(
            "wrong",
            f"{count(census.corrupted, 'row is', 'rows are')} corrupted (cut short, or not a"
            f" session's text at all): {_examples(census.corrupted_keys, census.corrupted)}.",
            "Their visitors start anew. Delete these rows; if there come to be more, look for"
            " what else writes to the table.",
        )
    if census.undated:
        yield Finding(
            "wrong",
            f"{count(census.undated, 'row has', 'rows have')} no date in 'expire_date':"
            f" {_examples(census.undated_keys, census.undated)}.",
            "Delete these rows: such a session may never end, and Django may fail on it.",
        )
    if census.refused:
        yield Finding(
            "wrong",
            f"{count(census.refused, 'row is a pickle', 'rows are pickles')} of what is never"
            f" built from a session: {', '.join(sorted(census.refused_names))}.",
            "Keep plain values in the session; the page on security tells which pickles are read.",
        )


def _examples(shown: list[str], number: int) -> str:
    return ", ".join(shown) + (f" and {number - len(shown):,} more" if number > len(shown) else "")
