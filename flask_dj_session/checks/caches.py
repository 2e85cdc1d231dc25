"""Whether a site's cache and its table say the same; a sample in, findings out."""

from __future__ import annotations

from dataclasses import dataclass

from .finding import Finding, count, rows

_CLEAR = "Clear the cache: the table refills it, and nobody is logged out."


@dataclass
class CacheSample:
    """What was found in the cache for some rows, and for some entries in the table.

    :param alias: of the cache, in CACHES.
    """

    alias: str
    #: how many rows were looked up that have not expired and can be read
    live: int = 0
    #: of these: how many have no entry, the same data, other data, or what nobody can read
    missing: int = 0
    same: int = 0
    differing: int = 0
    unreadable: int = 0
    #: how many entries were looked up in the table, and how many have no row there
    entries: int = 0
    orphans: int = 0
    #: entries of sessions under another KEY_PREFIX or VERSION, or of another store class
    foreign: int = 0
    #: why the cache could not be asked
    failure: str = ""


def cache_findings(sample: CacheSample) -> list[Finding]:
    """Say what *sample* means."""
    if sample.failure:
        return [
            Finding(
                "wrong",
                f"The cache {sample.alias!r} does not answer ({sample.failure}). The table serves,"
                " but Django may see older data there.",
                "Start it, or compare 'CACHES' with Django's.",
            )
        ]
    faults, elsewhere = [*_of_rows(sample), *_of_entries(sample)], _elsewhere(sample)
    agrees = not faults and (sample.same or not elsewhere)
    return [*faults, *([_agreed(sample)] if agrees else []), *elsewhere]


def _agreed(sample: CacheSample) -> Finding:
    entries = count(sample.same, "entry has", "entries have")
    return Finding("ok", f"In the cache {sample.alias!r}, {entries} the data of the row.")


def _of_rows(sample: CacheSample) -> list[Finding]:
    found = []
    if sample.differing:
        entries = count(sample.differing, "entry has", "entries have")
        found.append(
            Finding(
                "wrong",
                f"In the cache {sample.alias!r}, {entries} other data than the row. Something"
                " writes rows without their entries, such as an app without 'CACHES'; or the row"
                " was saved at this moment.",
                f"Give each program on the table the site's 'CACHES'. {_CLEAR}",
            )
        )
    if sample.unreadable:
        entries = count(sample.unreadable, "entry", "entries")
        found.append(
            Finding(
                "wrong" if not sample.same else "note",
                f"In the cache {sample.alias!r}, {entries} cannot be read, and counts as none:"
                " written by another serializer or compressor, or with objects of the site's own.",
                "Compare OPTIONS in 'CACHES' with Django's.",
            )
        )
    return found


def _of_entries(sample: CacheSample) -> list[Finding]:
    if not sample.orphans:
        return []
    entries = count(sample.orphans, "entry", "entries")
    return [
        Finding(
            "wrong",
            f"The cache {sample.alias!r} has {entries} of sessions whose rows are gone. Whoever has"
            " such a key is still logged in.",
            f"Set SESSION_CACHE_VERIFY = True here. {_CLEAR}",
        )
    ]


def _elsewhere(sample: CacheSample) -> list[Finding]:
    if sample.foreign:
        entries = count(sample.foreign, "entry", "entries")
        is_elsewhere = not (sample.same or sample.differing)
        return [
            Finding(
                "wrong" if is_elsewhere else "note",
                f"The cache {sample.alias!r} has {entries} of sessions under another KEY_PREFIX or"
                " VERSION, or of another engine.",
                "Compare 'CACHES' with Django's, unless another site shares the cache.",
            )
        ]
    if sample.live and sample.missing == sample.live:
        return [
            Finding(
                "note",
                f"The cache {sample.alias!r} has nothing of {rows(sample.live)} that were looked"
                " up. It was emptied, or it is not the site's.",
                "Compare LOCATION, KEY_PREFIX and VERSION in 'CACHES' with Django's.",
            )
        ]
    return []
