"""How Sphinx makes the documentation's pages: ``make docs``."""

from __future__ import annotations

from importlib.metadata import version as version_of

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
