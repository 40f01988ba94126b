"""A C++ extension module keeps its own C++ library: exceptions and operator new are served by whom
they are served without ours, before a report and after it, and every block is an event. And no
descriptor that a program may have is ours."""
import os
import sys
import unittest

import traced

VICTIM = 'uses_cpp.py'
BLOCKS = 100000 + 1000


class HostUntouched(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.run_ = traced.run(VICTIM)
        cls.plain = traced.run(VICTIM, preload=False)

    def owners(self, run):
        """Before the report and after it."""
        self.assertEqual((run.status, run.stderr), (0, ''))
        before, middle, after = run.stdout.partition('E2BIG\n')
        self.assertTrue(middle, run.stdout)
        result = [dict(line.split() for line in part.splitlines()
                       if line.count(' ') == 1 and not line.startswith('loaded'))
                  for part in (before, after)]
        self.assertEqual([part.splitlines().count('100') for part in (before, after)], [1, 1])
        return result

    def test_is_served_by_its_own(self):
        for owners in self.owners(self.run_):
            self.assertTrue(owners['_Znwm'].startswith('libstdc++'), owners)
            self.assertTrue(owners['_ZdlPv'].startswith('libstdc++'), owners)
            self.assertTrue(owners['__cxa_throw'].startswith('libstdc++'), owners)
            self.assertTrue(owners['_Unwind_RaiseException'].startswith('libgcc_s'), owners)

    def test_sees_nothing_of_what_the_report_loads(self):
        # Or this test would have nothing to see.
        self.assertIn('loaded', self.run_.stdout)
        self.assertIn('libmimalloc', self.run_.stdout)
        theirs = self.owners(self.plain)
        for owners, plain in zip(self.owners(self.run_), theirs):
            self.assertEqual(owners, plain)
            for name in ('mi_malloc', 'mi_free', 'elf_version', '_Ux86_64_step', 'unw_backtrace'):
                self.assertEqual(owners[name], 'nobody', name)

    def test_every_block_is_an_event(self):
        traced.require_known()
        report = self.run_.report
        line = traced.line_of(VICTIM, 'throws_and_news.new_and_delete(blocks)')
        events = [event for event in report.of('use') if event.line == line]
        blocks = [event for event in events if event.arguments == (1234,)]
        self.assertEqual(len(blocks), BLOCKS)
        addresses = {event.result for event in blocks}
        frees = [event for event in events
                 if event.name == 'free' and event.arguments[0] in addresses]
        self.assertEqual(len(frees), BLOCKS)
        self.assertEqual(report.lost, 0)


class Descriptors(unittest.TestCase):
    """Under a limit of its own, which the hard one stands above: the usual case."""

    def check(self, limit):
        run = traced.Run(['/bin/sh', '-c', 'ulimit -S -n %d; exec "$0" "$1"' % limit, sys.executable,
                          os.path.join(traced.VICTIMS, 'lists_descriptors.py')])
        self.assertEqual((run.status, run.stdout, run.stderr), (0, '0 1 2\n' * 2, ''))
        self.assertEqual(len(run.reports), 2)

    def test_none_of_ours_is_among_the_programs(self):
        self.check(600)

    def test_a_limit_that_was_lowered(self):
        self.check(29)


if __name__ == '__main__':
    unittest.main()
