"""A ready page on which users see where they are logged in, and end their other sessions.

    app.register_blueprint(Devices())

It shows each user their own sessions alone, and needs no script and nothing of the app's. For a
page in the app's own looks, there are ``auth.sessions_of`` and ``auth.end_session``.
"""

from .blueprint import Devices

__all__ = ["Devices"]
