"""The start: allocations before the library knows the originals, and other interposers."""
import pytest

import cases
import reports

pytestmark = pytest.mark.stable_abi
SIZES = list(range(77000, 77100))


class TestBootstrap(cases.Case):
    def check(self, stdout='out\n', **options):
        run = self.trace('records.py', **options)
        assert (run.status, run.stdout, run.stderr) == (4, stdout, '')
        assert run.report.sizes('before') == SIZES
        assert run.report.lost == 0
        return run

    def test_a_loader_that_talks(self):
        run = self.check(LD_DEBUG='all', LD_DEBUG_OUTPUT='loader')
        assert 'libpymemflow.so' in run.texts['loader.%d' % run.pid]

    def test_a_large_environment(self):
        self.check(LARGE='x' * 65536, **{'LARGE%d' % i: 'y' * 100 for i in range(500)})

    def test_constructors_before_ours(self):
        self.check(stdout='out\nfinished\n', after=[self.build.path('allocates_early')])

    def test_a_constructor_that_holds_the_lock_of_the_locales(self):
        self.check(after=[self.build.path('locales_first')])

    def test_constructors_after_ours(self):
        self.check(stdout='out\nfinished\n', before=[self.build.path('allocates_early')])

    def test_an_interposer_behind(self):
        self.check(stdout='out\ncounted mallocs, frees, marks 100\n',
                   after=[self.build.path('counts_mallocs')])

    def test_an_interposer_in_front(self):
        self.check(stdout='out\ncounted mallocs, frees, marks 100\n',
                   before=[self.build.path('counts_mallocs')])

    def test_preloaded_twice(self):
        self.check(after=[self.build.library])

    def test_no_environment(self):
        run = self.trace.program(['/usr/bin/env', '-i', 'LD_PRELOAD=' + self.build.library,
                                  self.python.path, '-c', 'print(1)'], preload=False)
        assert (run.status, run.stdout) == (0, '1\n')
        assert reports.Report(run.stderr).lost == 0
