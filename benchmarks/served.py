"""The site that gunicorn serves: which one, and on what database, stands in the environment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from .contenders import make_site

if TYPE_CHECKING:
    from collections.abc import Iterable

_site = make_site(*(os.environ[f"BENCH_{name}"] for name in ("CONTENDER", "URL", "SIZE")))


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer as the site does, and tell which worker did."""

    def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        return start_response(status, [*headers, ("X-Worker", str(os.getpid()))], *rest)

    return _site(environ, start)
