"""The benchmarks run, with small numbers; what they measure here counts for nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
COMMANDS = {
    "visits": "-m benchmarks.visits --databases sqlite --sizes small --kinds returning new"
    " --contenders bare floor ours django --rounds 2 --requests 3 --chart {folder}/chart.svg",
    "codec": "-m benchmarks.codec --rounds 1 --times 2",
    "clearsessions": "-m benchmarks.clearsessions --rows 3000 --journals wal",
    "check": "benchmarks/check.py --rows 2000",
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_benchmark_runs(command: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, *command.format(folder=tmp_path).split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    for picture in tmp_path.glob("*.svg"):
        assert picture.read_text().startswith("<svg ")
