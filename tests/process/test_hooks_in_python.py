"""Every function of functions.def, called inside a Python in every way that matters: what comes of
it is what comes of it without the library, and the report has each call once, in order."""
import re
import unittest

import traced

CALLS = 'calls_every_function.py'


def outcomes(text):
    """Without the usable sizes: how large a free block is that the C library happens to take
    depends on what was allocated before. test_hooks.py compares these."""
    return [re.sub(' usable [0-9]+', '', line) for line in text.splitlines() if line[0] != '=']


def is_young(line):
    """Of a function that the C library may not have."""
    return line.startswith(('free_sized ', 'free_aligned_sized '))


class Hooks(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.traced = traced.run(CALLS)
        cls.plain = traced.run(CALLS, preload=False)

    def test_change_nothing(self):
        self.assertEqual((self.plain.status, self.traced.status), (0, 0), self.traced.stderr)
        self.assertEqual(self.traced.stderr, '')
        ours, theirs = outcomes(self.traced.stdout), outcomes(self.plain.stdout)
        self.assertNotIn('NOT ', self.traced.stdout)
        self.assertGreater(len(ours), 40)
        self.assertNotIn('absent', self.traced.stdout)
        if 'absent' in self.plain.stdout:
            ours = [line for line in ours if not is_young(line)]
            theirs = [line for line in theirs if not is_young(line)]
        self.assertEqual(ours, theirs)

    def test_record_each_call_once(self):
        traced.require_known()
        report = self.traced.report
        called = [line[2:] for line in self.traced.stdout.splitlines() if line.startswith('=')]
        events = report.of('call')
        marks = [i for i, event in enumerate(events) if event.arguments == (31415926,)]
        self.assertEqual(len(marks), 1)
        mark = events[marks[0]]
        inside = events[marks[0] + 1:]
        ends = [i for i, event in enumerate(inside) if event.call == 'free(0x%x)' % mark.result]
        self.assertTrue(ends)
        self.assertEqual([event.call for event in inside[:ends[0]]], called)
        line = traced.line_of(CALLS, 'library.call_all()')
        self.assertEqual({(event.file, event.line) for event in inside[:ends[0]]}, {(CALLS, line)})
        self.assertEqual((report.lost, report.torn), (0, []))


if __name__ == '__main__':
    unittest.main()
