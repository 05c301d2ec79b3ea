# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures, and the limits that they keep or miss."""


class Report:
    """Prints figures as they come; counts those that have a limit, and those that missed it or are absent."""

    def __init__(self) -> None:
        self.missed = self.limited = 0

    def figure(self, what: str, value: float, limit: float | None = None, unit: str = "") -> None:
        verdict = "" if limit is None else f"   limit {limit:,}{unit}: {'ok' if value <= limit else 'MISSED'}"
        self.limited += limit is not None
        self.missed += limit is not None and value > limit
        print(f"  {what:<58} {value:>15,}{unit}{verdict}", flush=True)

    def absent(self, what: str, error: object) -> None:
        self.missed += 1
        print(f"  {what}: not measured: {error}", flush=True)
