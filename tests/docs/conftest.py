"""What is tried of the documentation as a site takes the site: ``make docs`` builds it."""

from __future__ import annotations

from pathlib import Path

#: where ``make docs`` puts the site
SITE = Path(__file__).parents[2] / "docs" / "_build" / "html"

collect_ignore = [] if SITE.exists() else ["test_phone.py"]
