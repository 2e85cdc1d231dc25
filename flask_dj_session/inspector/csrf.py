"""The forms of the inspector: see :mod:`flask_dj_session.pages.forms`."""

from __future__ import annotations

from ..pages.forms import Forms
from .key_derivation import NAME

FORMS = Forms(NAME, cookie="inspector_form", home=".your_session")
