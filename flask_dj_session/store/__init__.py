"""The table ``django_session`` and the statements on it; opaque text in and out."""

from .clock import database_time
from .engine import AutocommitEngine
from .facts import TableFacts, expected_facts, found_facts
from .listing import LONGEST, Outline, StoredRow, TooLong
from .rows import Store
from .table import (
    TABLE_NAME,
    ExpireDate,
    add_like_index,
    data_type,
    for_site,
    indexes_of,
    key_type,
)

__all__ = [
    "LONGEST",
    "TABLE_NAME",
    "AutocommitEngine",
    "ExpireDate",
    "Outline",
    "Store",
    "StoredRow",
    "TableFacts",
    "TooLong",
    "add_like_index",
    "data_type",
    "database_time",
    "expected_facts",
    "for_site",
    "found_facts",
    "indexes_of",
    "key_type",
]
