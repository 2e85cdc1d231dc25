"""Asking a site's own Python what the site is; what it says is ``description``'s."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ..errors import SettingError
from . import failures
from .description import TIME_LIMIT, Description
from .failures import MODULE, PATH

_PROGRAM = Path(__file__).with_name("program.py")
#: warnings are the site's affair, and nothing new lies in its folders afterwards
_OPTIONS = ("-W", "ignore", "-B", "-")


def ask(
    module: str,
    settings: Iterable[str],
    *,
    python: str | os.PathLike[str],
    path: str | os.PathLike[str] | None = None,
    timeout: float = TIME_LIMIT,
) -> Description:
    """Let the site's own Python set the site up, and return what it says of it.

    :param module: the dotted name of the site's settings.
    :param settings: the names of the settings to tell.
    :param python: the interpreter of the site's virtual environment.
    :param path: the folder that holds manage.py; by default the current one.
    :param timeout: seconds that it may take.
    :raises SettingError: where there is no such Python, or where the site is not set up by it.
    """
    interpreter, folder = _interpreter(os.fspath(python)), _folder(path)
    with _started([interpreter, *_OPTIONS, *settings], module, folder) as process:
        line = _answer(process, timeout)
    if line is None:
        raise failures.too_slow(module, timeout)
    try:
        facts = json.loads(line)
    except ValueError:
        raise failures.no_answer(module, interpreter, process.returncode) from None
    if "failure" in facts:
        raise failures.told(module, interpreter, folder, facts)
    return Description(facts, python=interpreter, path=folder)


def _interpreter(python: str) -> str:
    """Return the path of the interpreter; links are not followed, or it would leave its venv."""
    found = python if os.path.dirname(python) else shutil.which(python)
    if found is None or not os.path.exists(found):
        raise failures.bad_python(python, "which is not there")
    if os.path.isdir(found):
        problem = "a folder"
        raise failures.bad_python(
            python, problem, mend="Give the interpreter in it: '.../bin/python'."
        )
    return os.path.abspath(found)


def _folder(path: str | os.PathLike[str] | None) -> str:
    folder = os.path.abspath(path or os.curdir)
    if not os.path.isdir(folder):
        raise SettingError(PATH, f"is {folder!r}, and no folder", "Give the one of manage.py.")
    return folder


@contextmanager
def _started(command: list[str], module: str, folder: str) -> Iterator[subprocess.Popen[bytes]]:
    try:
        process = subprocess.Popen(  # noqa: S603 - the interpreter is what the app was told
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it may hold secrets, and nobody may wait for its reader
            cwd=folder,
            env=_environment(module),
            bufsize=0,  # or closing a pipe would wait for whoever reads it
            start_new_session=True,  # so that what it starts ends with it
        )
    except OSError as error:
        problem = f"which cannot be run ({error.strerror})"
        raise failures.bad_python(command[0], problem) from error
    with process:
        try:
            yield process
        finally:
            _end(process)


def _environment(module: str) -> dict[str, str]:
    # PYTHONHOME is that of the Python that runs here. And where the locale knows ASCII alone, the
    # site may print something else, into nowhere.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONHOME"}
    return {**kept, MODULE: module, "PYTHONIOENCODING": "utf-8:backslashreplace"}


def _answer(process: subprocess.Popen[bytes], timeout: float) -> bytes | None:
    """Return the line that *process* answers with; None where it does not in time."""
    stdin, stdout = process.stdin, process.stdout
    assert stdin is not None
    assert stdout is not None
    lines: list[bytes] = []
    # A line, and not all up to the end: what the site has started may keep the pipe open.
    reader = threading.Thread(target=lambda: lines.append(_line(stdout)), daemon=True)
    reader.start()
    with suppress(BrokenPipeError):  # it has ended without reading on
        stdin.write(_PROGRAM.read_bytes())
        stdin.flush()
    with suppress(BrokenPipeError):
        stdin.close()
    reader.join(timeout)
    if reader.is_alive():
        _end(process)
        reader.join(1)
        return None
    with suppress(subprocess.TimeoutExpired):
        process.wait(1)  # for its exit code
    return lines[0]


def _line(pipe: IO[bytes]) -> bytes:
    line = b""
    while not line.endswith(b"\n") and (part := pipe.read(65_536)):
        line += part
    return line


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
