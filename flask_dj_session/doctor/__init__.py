"""The doctor: says whether an app and Django will understand each other. Pure; reads no table."""

from .comparison import setting_findings
from .examination import Examination, is_healthy
from .finding import Finding
from .table import table_findings

__all__ = [
    "Examination",
    "Finding",
    "is_healthy",
    "setting_findings",
    "table_findings",
]
