"""A signal handler that allocates while its thread is in the middle of a record, or of an original:
each of its events is in the report, and none is lost.

Such a handler can hang in the C library's own malloc(), whose lock the interrupted call may hold,
with or without us. So the originals are an allocator that may be interrupted anywhere
(bump_allocator.c): whatever goes wrong then is ours."""
import collections
import os
import re
import unittest

import traced

BUMP = os.environ['PMF_BUMP_ALLOCATOR']
SIZE = 40000000  # of the handler's blocks, and of no other
BUCKET = re.compile(r'^ +33554432 \|@* +(\d+) *$', re.MULTILINE)


class SignalAllocates(unittest.TestCase):
    def run_victim(self, way, times, **options):
        """(how often the handler ran, the report)"""
        run = traced.run('interrupted.py', way, str(times), after=[BUMP], **options)
        self.assertEqual((run.status, run.stderr), (0, ''))
        self.assertEqual((run.report.lost, run.report.torn), (0, []))
        handled = int(run.stdout)
        self.assertGreaterEqual(handled, times)
        return handled, run.report

    def check(self, way, times):
        """By the distributions: a line an event would be millions."""
        handled, report = self.run_victim(way, times, PYMEMFLOW_FLOW='0')
        # Under a Python function, or, where no frame was to be seen, under the handler.
        self.assertEqual(sum(map(int, BUCKET.findall(report.distributions))), handled)

    def test_in_the_middle_of_malloc(self):
        self.check('malloc', 1000)

    def test_in_the_middle_of_realloc(self):
        self.check('move', 1000)

    def test_inside_the_original_realloc(self):
        self.check('once', 1)

    def test_each_malloc_has_its_free(self):
        """This allocator hands no address out twice."""
        _, report = self.run_victim('malloc', 30)
        frees = collections.Counter(event.arguments[0] for event in report.events
                                    if event.name == 'free')
        blocks = [event for event in report.of('churn')
                  if event.name == 'malloc' and event.arguments[0] in (5000, SIZE)]
        self.assertEqual({frees[event.result] for event in blocks}, {1})
        self.assertGreaterEqual(sum(event.arguments[0] == 5000 for event in blocks), 1000)
        self.assertGreater(sum(event.arguments[0] == SIZE for event in blocks), 0)


if __name__ == '__main__':
    traced.require_known()
    unittest.main()
