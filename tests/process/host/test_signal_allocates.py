"""A signal handler that allocates while its thread is in the middle of a record, or of an original:
each of its events is in the report, and none is lost.

Such a handler can hang in the C library's own malloc(), whose lock the interrupted call may hold,
with or without us. So the originals are an allocator that may be interrupted anywhere
(bump_allocator.c): whatever goes wrong then is ours."""
import collections
import re

import pytest

import cases

pytestmark = [pytest.mark.stable_abi, pytest.mark.known_python]
SIZE = 40000000  # of the handler's blocks, and of no other
BUCKET = re.compile(r'^ +33554432 \|@* +(\d+) *$', re.MULTILINE)


class TestSignalAllocates(cases.Case):
    def run_victim(self, way, times, **options):
        """(how often the handler ran, the report)"""
        run = self.trace('interrupted.py', way, times,
                         after=[self.build.path('bump_allocator')], **options)
        assert (run.status, run.stderr) == (0, '')
        assert run.report.lost == 0
        handled = int(run.stdout)
        assert handled >= times
        return handled, run.report

    def check(self, way, times):
        """Counts by the distributions: the flow would have millions of lines."""
        handled, report = self.run_victim(way, times, PYMEMFLOW_FLOW='0')
        # Counted under a Python function, or under the C handler if no frame was found.
        assert sum(map(int, BUCKET.findall(report.distributions))) == handled

    def test_in_the_middle_of_malloc(self):
        self.check('malloc', 1000)

    def test_in_the_middle_of_realloc(self):
        self.check('move', 1000)

    def test_inside_the_original_realloc(self):
        self.check('once', 1)

    def test_each_malloc_has_its_free(self):
        """This allocator never returns an address twice."""
        _, report = self.run_victim('malloc', 30)
        frees = collections.Counter(event.arguments[0] for event in report.events
                                    if event.name == 'free')
        blocks = [event for event in report.of('churn')
                  if event.name == 'malloc' and event.arguments[0] in (5000, SIZE)]
        assert {frees[event.result] for event in blocks} == {1}
        assert sum(event.arguments[0] == 5000 for event in blocks) >= 1000
        assert sum(event.arguments[0] == SIZE for event in blocks) > 0
