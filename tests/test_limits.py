"""The limits in force are those that the documents state."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import flask_dj_session
from flask_dj_session.wire import budget, codec, opcodes

DOCS = Path(flask_dj_session.__file__).parents[1] / "docs"
MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("page", "words", "limit"),
    [
        ("security.md", r"may unpack to (\d+) MiB", codec.MAX_UNPACKED / MIB),
        ("interop.md", r"stops at (\d+) MiB", codec.MAX_UNPACKED / MIB),
        ("interop.md", r"takes a (million) steps at most", budget.MAX_STEPS),
        ("interop.md", r"nested in (\d+) levels at most", budget.MAX_DEPTH),
    ],
)
def test_a_limit_is_the_one_that_a_page_states(page: str, words: str, limit: float) -> None:
    text = " ".join((DOCS / page).read_text(encoding="utf-8").split())
    assert {1_000_000 if one == "million" else int(one) for one in re.findall(words, text)} == {
        limit
    }


def test_a_number_in_a_pickle_has_as_many_digits_as_python_itself_reads() -> None:
    assert sys.int_info.default_max_str_digits == opcodes.MAX_DIGITS
