"""Benchmarks: what a visitor's request costs, beside what people would pick instead.

Commands, from the root of the repository: ``python -m benchmarks.compare``, ``.codec``,
``.clearsessions`` and ``.gunicorn_load``. docs/performance.md tells what they measure and how.
"""
