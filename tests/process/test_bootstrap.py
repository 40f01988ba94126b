"""Beginnings: what allocates before the library knows the originals, and other interposers."""
import os
import unittest

import traced

EARLY = os.environ['PMF_ALLOCATES_EARLY']
COUNTER = os.environ['PMF_COUNTS_MALLOCS']
SIZES = list(range(77000, 77100))


class Bootstrap(unittest.TestCase):
    def check(self, stdout='out\n', **options):
        run = traced.run('records.py', **options)
        self.assertEqual((run.status, run.stdout, run.stderr), (4, stdout, ''))
        self.assertEqual(run.report.sizes('before'), SIZES)
        self.assertEqual((run.report.lost, run.report.torn), (0, []))
        return run

    def test_a_loader_that_talks(self):
        run = self.check(LD_DEBUG='all', LD_DEBUG_OUTPUT='loader')
        self.assertIn('libpymemflow.so', run.texts['loader.%d' % run.pid])

    def test_a_large_environment(self):
        self.check(LARGE='x' * 65536, **{'LARGE%d' % i: 'y' * 100 for i in range(500)})

    def test_constructors_before_ours(self):
        self.check(stdout='out\nfinished\n', after=[EARLY])

    def test_a_constructor_that_holds_the_lock_of_the_locales(self):
        self.check(after=[os.environ['PMF_LOCALES_FIRST']])

    def test_constructors_after_ours(self):
        self.check(stdout='out\nfinished\n', before=[EARLY])

    def test_an_interposer_behind(self):
        self.check(stdout='out\ncounted mallocs, frees, marks 100\n', after=[COUNTER])

    def test_an_interposer_in_front(self):
        self.check(stdout='out\ncounted mallocs, frees, marks 100\n', before=[COUNTER])

    def test_preloaded_twice(self):
        self.check(after=[traced.LIBRARY])

    def test_no_environment(self):
        run = traced.Run(['/usr/bin/env', '-i', 'LD_PRELOAD=' + traced.LIBRARY,
                          traced.sys.executable, '-c', 'print(1)'], preload=False)
        self.assertEqual((run.status, run.stdout), (0, '1\n'))
        self.assertEqual(traced.Report(run.stderr).lost, 0)


if __name__ == '__main__':
    unittest.main()
