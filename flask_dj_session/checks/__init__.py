"""The checks: whether an app and Django can read each other's sessions; no query in here."""

from .caches import CacheSample, cache_findings
from .comparison import UNTRACEABLE, setting_findings
from .examination import Examination, is_healthy
from .finding import Finding
from .fingerprints import fingerprint_finding
from .journal import journal_findings
from .logins import unheeded_findings
from .policy import Measure, Policy
from .pooling import pooler_findings
from .table import table_findings

__all__ = [
    "UNTRACEABLE",
    "CacheSample",
    "Examination",
    "Finding",
    "Measure",
    "Policy",
    "cache_findings",
    "fingerprint_finding",
    "is_healthy",
    "journal_findings",
    "pooler_findings",
    "setting_findings",
    "table_findings",
    "unheeded_findings",
]
