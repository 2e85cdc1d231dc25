"""gunicorn with one site, on a port that the system chooses."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .load import wait_for_workers

_ROOT = Path(__file__).parent.parent


@contextmanager
def serve(contender: str, url: str, *, workers: int, threads: int) -> Iterator[int]:
    """Serve the site of *contender*, and lend the port."""
    command = (
        f"-m gunicorn -w {workers} --threads {threads} -b 127.0.0.1:0"
        f" {__package__}.served:application"
    )
    process = subprocess.Popen(
        [sys.executable, *command.split()],
        cwd=_ROOT,
        env={**os.environ, "BENCH_CONTENDER": contender, "BENCH_URL": url},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        port = _port(process)
        asyncio.run(wait_for_workers(port, workers))
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _port(process: subprocess.Popen[str]) -> int:
    """Return the port, and let gunicorn's messages flow on."""
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", line):
            threading.Thread(target=_pass_on, args=[process], daemon=True).start()
            return int(found[1])
    raise RuntimeError("gunicorn has not started.")


def _pass_on(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if "[INFO]" not in line and "was sent SIGKILL" not in line:
            print(line, end="", file=sys.stderr)
