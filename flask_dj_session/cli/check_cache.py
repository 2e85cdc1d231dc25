"""What ``flask sessions check`` looks at where the site has a cache."""

from __future__ import annotations

from collections import Counter

from ..checks import CacheSample, Finding, cache_findings
from ..errors import CacheDownError
from ..site import Site


def examine_cache(site: Site) -> list[Finding]:
    """Compare some rows with their entries, and some entries with their rows."""
    if site.settings.cache is None:
        return []
    from ..caches import SAMPLE, CachedStore, compare

    store, sample = site.store, CacheSample(site.settings.cache.alias)
    assert isinstance(store, CachedStore)
    rows = store.page(size=SAMPLE)
    try:
        compared = compare(store, rows, site.now())
    except Exception as error:  # whatever a library makes of a server that is down
        sample.failure = type(error).__name__
        return cache_findings(sample)
    found = Counter(compared.outcomes)
    sample.live = found.total()
    sample.missing, sample.same = found["missing"], found["same"]
    sample.differing, sample.unreadable = found["differing"], found["unreadable"]
    sample.entries, sample.orphans, sample.foreign = compared[1:]
    return cache_findings(sample)


def examine_cache_alone(site: Site) -> list[Finding]:
    """Ask the cache for a session, where it is all that a site has."""
    try:
        site.store.exists("a-key-that-nobody-has")
    except CacheDownError as error:
        text, _, hint = str(error).partition("). ")
        return [Finding("wrong", f"{text}).", hint)]
    return [Finding("ok", f"The sessions are in the {site.store.name} alone, which answers.")]
