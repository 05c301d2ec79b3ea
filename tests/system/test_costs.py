# SPDX-License-Identifier: GPL-2.0-or-later
"""The figures of 'make bench' that are the same at each run, against the same limits."""

from testbed import costs
from testbed.report import Report


def keeps_limits(part, *arguments):
    report = Report()
    part(report, *arguments)
    assert report.limited and not report.missed, "see what it printed"


def test_round_trips_and_start_keep_their_limits():
    keeps_limits(costs.round_trips)


def test_what_domains_cost_keeps_its_limits():
    keeps_limits(costs.domains)


def test_exits_of_a_boot_keep_their_limit():
    keeps_limits(costs.exits_to_shell)


def test_memory_taken_keeps_its_limit(measured):
    keeps_limits(costs.memory_taken, measured)
