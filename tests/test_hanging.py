"""A test that hangs does not hold the others up for ever."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ENDLESS = """
import threading

def test_nobody_comes() -> None:
    threading.Event().wait()
"""


@pytest.mark.process
def test_a_test_that_hangs_ends_the_run_and_tells_where(tmp_path: Path) -> None:
    hanging = tmp_path / "test_endless.py"
    hanging.write_text(ENDLESS)
    (tmp_path / "conftest.py").write_text("from tests.conftest import *")
    (tmp_path / "pytest.ini").write_text("[pytest]")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "--patience", "0.2"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 1
    assert f'"{hanging}", line 5 in test_nobody_comes' in ran.stderr
