"""Signals that tell receivers what happens to sessions, for example to count them.

The sender of each is the app, and the argument ``session`` is the session. The package sends a
signal
after the change in the database. A receiver gets the session itself: it must not log its key or
data.
"""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

#: a row was added, for a visitor who had none
session_created = _signals.signal("session-created")
#: the data has moved to a new key, and the row of the old one is gone, as at a login
session_cycled = _signals.signal("session-cycled")
#: the row is gone, as at a logout; the session has neither its key nor its data any more
session_flushed = _signals.signal("session-flushed")
#: a row could not be read, and the session is empty instead
session_corrupted = _signals.signal("session-corrupted")
