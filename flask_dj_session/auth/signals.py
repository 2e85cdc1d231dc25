"""Django's three signals of the login, with blinker; the sender is the app.

``user_logged_in`` and ``user_logged_out`` send *user* and *request*; at a logout of nobody, *user*
is None. ``user_login_failed`` sends *request* and the *credentials* with all secrets hidden.
"""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

user_logged_in = _signals.signal("user-logged-in")
user_logged_out = _signals.signal("user-logged-out")
user_login_failed = _signals.signal("user-login-failed")
