"""Whose each session is, known without reading them all; and what a user's sessions are.

Nothing here is needed by a request that only has a session. What answers is, in this order: the
columns of the site's own table, the index beside it, or all rows, read one after the other.
"""

from .found import Found, UserSession
from .session_index import SessionIndex, index_of

__all__ = ["Found", "SessionIndex", "UserSession", "index_of"]
