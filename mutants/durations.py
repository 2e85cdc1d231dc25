"""A plugin for pytest that writes down how long each test takes, with what it sets up."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

_SECONDS: Counter[str] = Counter()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add one phase of a test."""
    _SECONDS[report.nodeid] += report.duration  # type: ignore[assignment]


def pytest_sessionfinish() -> None:
    """Write the seconds by test, where those of all processes are known."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    Path(os.environ["MUTANTS_DURATIONS"]).write_text(json.dumps(_SECONDS))
