"""How long something lasts, in the words that the countdown goes on writing in the browser."""

from __future__ import annotations


def lasting(seconds: float) -> str:
    """Write a number of seconds as ``13 days 23:59:42``."""
    days, rest = divmod(max(0, int(seconds)), 86400)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days:,} day{'' if days == 1 else 's'} {clock}" if days else clock
