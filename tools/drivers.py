"""Installs what the extra `drivers` adds to `test`, each by itself: `python tools/drivers.py`.

What cannot be installed here, as where a driver in C lacks its headers, is said by its name.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tools.lowest import lowest


def main() -> None:
    """Install them."""
    wanted = lowest(["drivers"])
    for name in sorted(wanted.keys() - lowest(["test"]).keys()):
        install = [sys.executable, "-m", "pip", "install", "--quiet", f"{name}>={wanted[name]}"]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{name} cannot be installed here: not tested with it. pip says, at its end:")
            print("".join(f"    {line}\n" for line in done.stderr.splitlines()[-5:]), end="")


if __name__ == "__main__":
    main()
