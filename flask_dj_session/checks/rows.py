"""What the rows are, apart from who signed them: how many, expired, damaged."""

from __future__ import annotations

from collections.abc import Iterator

from ..store import LONGEST
from ..wire import MAX_UNPACKED
from .finding import Finding, at, count, rows
from .statistics import Census

_LOOK = "'flask sessions show' with one of these keys shows more."
_ANOTHER_FORM = (
    "So many rows are probably not damaged: check whether the Django project has a SESSION_ENGINE"
    " with its own format."
)


def number_finding(census: Census) -> Finding:
    """Return how many rows there are."""
    if not census.total:
        return Finding("ok", "The table is empty, so only its columns could be examined.")
    compressed = f", {census.compressed:,} of them compressed" if census.compressed else ""
    return Finding("ok", f"{rows(census.total)}{compressed}.")


def expired_findings(census: Census, *, is_suspected: bool) -> Iterator[Finding]:
    """Return how many rows have expired, and what to do if that is certain.

    :param is_suspected: whether something speaks against the clock or the time zone.
    """
    if not census.expired:
        return
    text = f"{count(census.expired, 'row has', 'rows have')} expired"
    # A row whose date nobody can check may be on another clock.
    doubtful = census.clock.doubtful()[0] if census.dates.examined else census.expired
    if is_suspected:
        yield Finding(
            "note",
            f"{text}, if this app reads the dates and the clock correctly.",
            "Solve the problems above first. Until then this is not certain, so do not remove any.",
        )
    elif doubtful:
        yield Finding("note", f"{text}.", _in_doubt(census, doubtful))
    else:
        yield Finding("note", f"{text}.", "Run 'flask clearsessions' from time to time.")


def _in_doubt(census: Census, doubtful: int) -> str:
    some = "" if doubtful == census.expired else f" for {doubtful:,} of them"
    return (
        f"That is so by the clock here, which says {at(census.clock.now)}, but the signatures do"
        f" not confirm it{some}. Compare this clock with the clock of Django's machine before you"
        " remove any."
    )


def damage_findings(census: Census) -> Iterator[Finding]:
    """Tell which rows are of no use, or look so from here."""
    if census.unread.number:
        yield _unread(census)
    if census.too_large.number:
        yield _too_large(census)
    if census.corrupted.number:
        yield _corrupted(census)
    yield from _odd(census)
    if census.refused:
        yield Finding(
            "wrong",
            f"{count(census.refused, 'row is a pickle', 'rows are pickles')} with names that are"
            f" not on the allow-list: {', '.join(sorted(census.refused_names))}.",
            "Keep plain values in the session. The page on security says which pickles are read.",
        )


def _unread(census: Census) -> Finding:
    found = census.unread
    one = found.number == 1
    return Finding(
        "wrong",
        f"{rows(found.number)} {'was' if one else 'were'} signed with this app's keys, and"
        f" {'is' if one else 'are'} neither JSON nor a pickle: not damaged, but written with"
        f" another SESSION_SERIALIZER than this app's: {found.examples()}.",
        "Set SESSION_SERIALIZER to the Django project's, and leave the rows as they are: Django"
        " reads them.",
    )


def _too_large(census: Census) -> Finding:
    found = census.too_large
    one = found.number == 1
    return Finding(
        "wrong",
        f"{rows(found.number)} {'was' if one else 'were'} signed with this app's keys, and"
        f" {'unpacks' if one else 'unpack'} to more than {MAX_UNPACKED // 1024**2} MiB, which"
        f" Django reads and this app does not: {found.examples()}.",
        "Leave the rows as they are: Django reads them. Find out what puts so much into a session,"
        " and keep that elsewhere.",
    )


def _corrupted(census: Census) -> Finding:
    found = census.corrupted
    others = "" if found.number * 2 <= census.total else f" {_ANOTHER_FORM}"
    return Finding(
        "wrong",
        f"{count(found.number, 'row is', 'rows are')} corrupted (cut short, or not a session at"
        f" all): {found.examples()}.",
        "Their visitors start with an empty session here,"
        " and the rows expire as usual. If there are more and more of them, find out what else"
        " writes to the table."
        f" {_LOOK}{others}",
    )


def _odd(census: Census) -> Iterator[Finding]:
    if census.undated.number:
        yield Finding(
            "wrong",
            f"{count(census.undated.number, 'row has', 'rows have')} no date in 'expire_date':"
            f" {census.undated.examples()}.",
            "Such a session may never end, and Django may fail on it. Before you change it, find"
            f" out what wrote it, and why. {_LOOK}",
        )
    if census.keyless:
        yield Finding(
            "note",
            f"{count(census.keyless, 'row has', 'rows have')} no key, so no visitor can have such a"
            " session.",
        )
    if census.unfetched.number:
        yield Finding(
            "note",
            f"{count(census.unfetched.number, 'row', 'rows')} of more than {LONGEST // 1024**2} MiB"
            f" left unread: {census.unfetched.examples()}.",
        )
