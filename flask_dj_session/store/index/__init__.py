"""The table beside that of the sessions that says whose each of them is, and its statements."""

from .entries import Entries
from .entry import Entry
from .table import index_name, index_table

__all__ = ["Entries", "Entry", "index_name", "index_table"]
