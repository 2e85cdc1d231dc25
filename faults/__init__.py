"""Faults: what must hold under load, and while servers, workers and disks fail.

``python -m faults.run`` (``make faults``) runs all of it against gunicorn, and prints a line for
each check. The quick faults, which need no server of their own, are in tests/faults.
"""
