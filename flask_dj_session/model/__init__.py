"""The mapped class of the table, for queries, ``db.create_all()`` and Alembic.

Sessions themselves are read and written by ``store``; what is here reads rows as objects.
"""

from .abstract import EXTENSION, AbstractSession
from .described import column_values, described_columns, unfilled, users_columns
from .given import is_mapped, prepare_model, table_of
from .made import model_on

__all__ = [
    "EXTENSION",
    "AbstractSession",
    "column_values",
    "described_columns",
    "is_mapped",
    "model_on",
    "prepare_model",
    "table_of",
    "unfilled",
    "users_columns",
]
