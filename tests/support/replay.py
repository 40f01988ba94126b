"""Replays the flow lines of a report: could these blocks have been handed out and taken back in
this order?

    python3 replay.py REPORT...     prints what could not, and ends with code 1 if anything

A report prints only the events that have a Python frame. So a block may come out of nowhere, and an
address may have been freed in between, or handed out, by a call that is not printed. Two things can
be said nevertheless:

* Of blocks whose every event is printed (`is_whole` says which allocations begin such a block: a
  test that knows its victim knows) nothing may be amiss: such an address is handed out once, and
  not again before it was taken back.
* Of all others: each thing amiss takes at least one event that is not printed, so there cannot be
  more of the former than of the latter.
"""
import sys
from collections import namedtuple

import reports

Result = namedtuple('Result', 'violations unexplained whole alive')


def replay(report, is_whole=lambda event: False):
    """violations: of whole blocks. unexplained: how many things were amiss with others. whole: how
    many whole blocks were handed out. alive: the events of those that were never taken back, which
    a release that is printed before its allocation leaves behind as well."""
    alive = {}  # address: (event, whether it is a whole block)
    violations = []
    unexplained = whole = 0
    for event in report.events:
        is_release = event.name in reports.RELEASES
        is_move = event.name in ('realloc', 'reallocarray')
        # A move that fails leaves the block; a move to 0 bytes frees it.
        if is_release or is_move and (event.result or 0 in event.arguments[1:]):
            alive.pop(event.arguments[0], None)
        if is_release or not event.result:
            continue
        earlier, was_whole = alive.get(event.result, (None, False))
        if was_whole:
            violations.append((event, 'hands out what is in use since %r' % (earlier,)))
        elif earlier is not None:
            unexplained += 1
        is_of_whole = is_whole(event)
        whole += is_of_whole
        alive[event.result] = (event, is_of_whole)
    return Result(violations, unexplained, whole,
                  [event for event, is_of_whole in alive.values() if is_of_whole])


def is_possible(report, result):
    """Tells whether events that are not printed can explain what is unexplained."""
    return result.unexplained <= report.recorded - len(report.events)


def main(paths):
    is_amiss = False
    for path in paths:
        with open(path, encoding='utf-8', errors='surrogateescape') as file:
            report = reports.Report(file.read())
        result = replay(report)
        print('%s: %d things amiss, %d events that are not printed' % (
            path, result.unexplained, report.recorded - len(report.events)))
        is_amiss = is_amiss or not is_possible(report, result)
    return 1 if is_amiss else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
