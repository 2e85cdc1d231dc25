"""gunicorn with one site, on a port that the system chooses."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .load import wait_for_workers

_ROOT = Path(__file__).parent.parent


@contextmanager
def serve(
    contender: str,
    url: str,
    *,
    workers: int,
    threads: int,
    size: str = "small",
    cache: str = "",
    log: Callable[[str], object] = sys.stderr.write,
) -> Iterator[int]:
    """Serve the site of *contender*, and lend the port.

    :param cache: the URL of a Redis that its workers share, for a contender that has one.
    :param log: is given each line of gunicorn's log that tells of something wrong.
    """
    command = (
        f"-m gunicorn -w {workers} --threads {threads} -b 127.0.0.1:0"
        f" {__package__}.served:application"
    )
    process = subprocess.Popen(
        [sys.executable, *command.split()],
        cwd=_ROOT,
        env={
            **os.environ,
            "BENCH_CONTENDER": contender,
            "BENCH_URL": url,
            "BENCH_SIZE": size,
            **({"BENCH_CACHE": cache} if cache else {}),
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        port = _port(process, log)
        asyncio.run(wait_for_workers(port, workers))
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _port(process: subprocess.Popen[str], log: Callable[[str], object]) -> int:
    """Return the port, and let gunicorn's messages flow on."""
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", line):
            threading.Thread(target=_pass_on, args=[process, log], daemon=True).start()
            return int(found[1])
        _pass_on_line(line, log)
    raise RuntimeError("gunicorn has not started.")


def _pass_on(process: subprocess.Popen[str], log: Callable[[str], object]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        _pass_on_line(line, log)


def _pass_on_line(line: str, log: Callable[[str], object]) -> None:
    if "[INFO]" not in line and "was sent SIGKILL" not in line:
        log(line)
