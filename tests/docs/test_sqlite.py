"""docs/how-to/sqlite.md: what its settings do in a real Django."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from .console import ROOT

_PAGE = ROOT / "docs" / "how-to" / "sqlite.md"
#: in a process of its own, since the Django of the tests has connections that wait for no disk
_SCRIPT = """
from pathlib import Path
from django.conf import settings
BASE_DIR = Path()
{settings}
settings.configure(DATABASES=DATABASES)
from django.db import connection
with connection.cursor() as cursor:
    for name in ("journal_mode", "synchronous"):
        print(cursor.execute(f"PRAGMA {{name}}").fetchone()[0])
connection.close()
"""


@pytest.mark.process
def test_djangos_init_command_sets_both_modes(tmp_path: Path) -> None:
    text = _PAGE.read_text(encoding="utf-8")
    found = re.search(r"^```text\n(DATABASES = .*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert found
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT.format(settings=found[1])],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == ["wal", "1"]
