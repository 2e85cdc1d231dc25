"""The table ``django_session`` and the statements on it; opaque text in and out."""

from .clock import database_time
from .columns import columns_of, data_type, date_type, key_type
from .engine import AutocommitEngine
from .journal import has_rollback_journal
from .pooling import Pooler, found_pooler
from .queries import LONGEST, Outline, StoredRow, TooLong
from .schema import TableFacts, expected_facts, found_facts
from .store import Store
from .table import (
    COLUMNS,
    TABLE_NAME,
    DjangoDateTime,
    for_site,
    indexes_of,
    is_like_index,
    primary_key_of,
)
from .touching import LoadedEnd

__all__ = [
    "COLUMNS",
    "LONGEST",
    "TABLE_NAME",
    "AutocommitEngine",
    "DjangoDateTime",
    "LoadedEnd",
    "Outline",
    "Pooler",
    "Store",
    "StoredRow",
    "TableFacts",
    "TooLong",
    "columns_of",
    "data_type",
    "database_time",
    "date_type",
    "expected_facts",
    "for_site",
    "found_facts",
    "found_pooler",
    "has_rollback_journal",
    "indexes_of",
    "is_like_index",
    "key_type",
    "primary_key_of",
]
