"""Signals for those who want to count or log what becomes of sessions; nothing is decided here.

Each is sent with the app as its sender and the session as ``session``, after what it tells of has
happened in the database. A receiver gets the session itself: what it logs of it is its own care.
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
