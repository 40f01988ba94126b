"""Memory that is live at the end: compared with valgrind's memcheck for C and C++ that leaks, and
across fork."""
import os
import re
import subprocess

import pytest

import cases

WAYS = ('malloc', 'calloc', 'realloc', 'posix_memalign', 'aligned_alloc', 'new', 'strdup')


class Case(cases.Case):
    def record(self, script, *arguments, **environment):
        path = self.path('capture')
        run = self.trace(script, *arguments, output=None, PYMEMFLOW_CAPTURE=path, **environment)
        assert (run.status, run.stderr) == (0, '')
        return run, path

    def summary(self, path):
        done = self.cli('report', '--format=summary', path)
        assert (done.status, done.stderr) == (0, '')
        return done.stdout


@pytest.mark.needs('valgrind')
class TestValgrind(Case):
    def count(self, way):
        """Bytes and blocks in use at the end of the program, as memcheck counts them."""
        process = subprocess.Popen(['valgrind', self.build.path('leaks_program'), way],
                                   stderr=subprocess.PIPE)
        _, err = process.communicate()
        assert process.returncode == 0, err
        found = re.search(r'in use at exit: ([\d,]+) bytes in ([\d,]+) blocks', err.decode())
        return tuple(int(number.replace(',', '')) for number in found.groups())

    def test_agrees_to_the_byte(self):
        for way in WAYS:
            _, path = self.record('leaks.py', self.build.path('leaks'), way)
            found = re.search(r'^ *(\d+) +(\d+) +\d+  leaks\.py:\d+ leak$', self.summary(path), re.M)
            assert found is not None, way
            os.remove(path)
            counted = self.count(way)
            assert counted[1] > 0
            assert tuple(map(int, found.groups())) == counted, way


class TestForks(Case):
    def test_the_parents_blocks_are_not_the_childs(self):
        run, path = self.record('forks_with_blocks.py')
        child = int(run.stdout)
        text = self.summary('%s.%d' % (path, child))
        # It gave back 20 of the parent's blocks, and kept 3 of its own.
        assert re.search(r'(?m)^ *3000 +3 +\d+  forks_with_blocks\.py:\d+ in_child$', text)
        back = int(re.search(r'freed, unknown: +(\d+) blocks', text).group(1))
        assert back >= 20
        assert re.search(r'(?m)^ *20000 +20 +\d+  forks_with_blocks\.py:\d+ in_parent$', self.summary(path))


class TestModes(Case):
    def test_what_cannot_be_known_is_said(self):
        for name, value, words in (('FLOW', '0', 'only their sums'), ('RING', '64KiB', 'the last')):
            _, path = self.record('leaks.py', self.build.path('leaks'), 'malloc',
                                  **{'PYMEMFLOW_' + name: value})
            done = self.cli('report', '--format=summary', path)
            assert (done.status, done.stdout) == (2, '')
            assert re.search('^pymemflow: .*%s.*cannot be known\n$' % words, done.stderr)
            os.remove(path)

    def test_at_exit(self):
        run = self.trace('leaks.py', self.build.path('leaks'), 'malloc', output='report',
                         PYMEMFLOW_SUMMARY='1')
        assert (run.status, run.stderr) == (0, '')
        assert re.search(r'(?m)^ *5500 +10 +\d+  leaks\.py:\d+ leak$', run.texts['report'])
