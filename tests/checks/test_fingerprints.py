"""Fingerprints of keys."""

from __future__ import annotations

import time

import pytest

from flask_dj_session.checks import fingerprint_finding
from flask_dj_session.checks.fingerprints import fingerprint

pytestmark = pytest.mark.slow


def test_equal_keys_have_equal_fingerprints_as_text_or_bytes() -> None:
    assert fingerprint("a key", "site") == fingerprint(b"a key", "site")


def test_different_keys_and_databases_have_different_ones() -> None:
    told = {fingerprint(key, "site") for key in ("a key", "a key ", "another")}
    assert len({*told, fingerprint("a key", "other")}) == 4


@pytest.mark.parametrize("key", ["", "ž", "\ud800".encode(errors="surrogatepass"), "x" * 10_000])
def test_any_key_has_one(key: str | bytes) -> None:
    assert len(fingerprint(key, "site")) == 3


def test_so_short_that_a_list_of_weak_keys_tells_nothing() -> None:
    # Of 4096 guesses one has the fingerprint by chance, whether the key is among them or not.
    assert len(fingerprint("a key", "site")) * 4 <= 12


def test_a_guess_takes_its_time() -> None:
    fingerprint.cache_clear()
    began = time.process_time()
    fingerprint("a key", "site")
    assert time.process_time() - began > 0.02


def test_the_finding_names_each_key_and_tells_none() -> None:
    finding = fingerprint_finding(["a key", b"an old one"], "site")
    assert finding.text == (
        f"Fingerprints on database 'site': SECRET_KEY {fingerprint('a key', 'site')},"
        f" SECRET_KEY_FALLBACKS[0] {fingerprint('an old one', 'site')}."
    )
    assert (finding.level, finding.hint) == ("ok", "")
