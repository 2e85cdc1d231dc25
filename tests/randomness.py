"""What a text that nobody can guess must be like, told by nothing but many such texts.

What is right fails these less than once in thousands of millions of runs.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from itertools import combinations

import time_machine

#: in standard deviations of a normal distribution
_FAR = 7.0


def can_be_repeated(draw: Callable[[], str]) -> bool:
    """Return whether the seed of Python's ``random`` and the time tell what is drawn."""
    before = random.getstate()
    drawn = set()
    try:
        for _ in range(2):
            with time_machine.travel(0, tick=False):
                random.seed(1)
                drawn.add(draw())
    finally:
        random.setstate(before)
    return len(drawn) < 2


def oddities(texts: list[str], alphabet: str) -> list[str]:
    """Tell what sets *texts* of one length apart from texts of evenly drawn characters."""
    found = [] if _is_even("".join(texts), alphabet) else ["some characters are more frequent"]
    places = range(len(texts[0]))
    found += [
        f"some characters are more frequent at place {place}"
        for place in places
        if not _is_even([text[place] for text in texts], alphabet)
    ]
    some = texts[:2_000]
    by_chance = len(some) / len(alphabet)
    return found + [
        f"place {one} tells of place {other}"
        for one, other in combinations(places, 2)
        if sum(text[one] == text[other] for text in some) > by_chance + 10 * by_chance**0.5 + 10
    ]


def _is_even(drawn: str | list[str], alphabet: str) -> bool:
    """Ask chi-square, whose cube root is about normal (Wilson and Hilferty)."""
    counted = Counter(drawn)
    if not counted.keys() <= set(alphabet):
        return False
    expected, freedom = len(drawn) / len(alphabet), len(alphabet) - 1
    chi_square = sum((counted[one] - expected) ** 2 / expected for one in alphabet)
    spread = 2 / (9 * freedom)
    return bool(((chi_square / freedom) ** (1 / 3) - (1 - spread)) / spread**0.5 < _FAR)
