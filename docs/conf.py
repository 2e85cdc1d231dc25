"""How Sphinx makes the documentation's pages: ``make docs``."""

from __future__ import annotations

from importlib.metadata import version as version_of
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "flask-dj-session"
copyright = "the authors of flask-dj-session"  # noqa: A001 - Sphinx' name
version = release = version_of("flask-dj-session")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
exclude_patterns = ["_build"]
nitpicky = False
html_theme = "furo"
html_title = "flask-dj-session"
html_static_path = ["_static"]
html_css_files = ["site.css"]

# Pages link to one another's headings, as they do where the repository is browsed.
myst_heading_anchors = 4
myst_enable_extensions = ["attrs_inline", "deflist"]
# Links to files outside of this folder, as ../app.py, are for those who browse the repository.
suppress_warnings = ["myst.xref_missing"]

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_preserve_defaults = True


def leave_out_sources(_app: Sphinx, *what: Any) -> None:
    """Leave out where Django has the same: a docstring says so to those who read the source."""
    lines: list[str] = what[-1]
    lines[:] = [line for line in lines if not line.startswith("# Django")]


def setup(app: Sphinx) -> None:
    """Tell Sphinx what is done to each docstring."""
    app.connect("autodoc-process-docstring", leave_out_sources)
