"""The inspector: web pages that show what a session is, and what is in the table.

    app.register_blueprint(Inspector(access=lambda: current_user.is_superuser))

An app registers it on purpose. It must be in debug mode, or give an ``access`` that says who may
look; see ``access`` for the rules.
"""

from .blueprint import Inspector
from .nearness import from_this_machine

__all__ = ["Inspector", "from_this_machine"]
