"""What is alive at the end: against valgrind's memcheck for C and C++ that leaks, and across fork."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import command
import traced

PROGRAM, LIBRARY = os.environ['PMF_LEAKS_PROGRAM'], os.environ['PMF_LEAKS_LIBRARY']
VALGRIND = os.environ['PMF_VALGRIND']
WAYS = ('malloc', 'calloc', 'realloc', 'posix_memalign', 'aligned_alloc', 'new', 'strdup')


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def record(self, script, *arguments, **environment):
        path = os.path.join(self.folder, 'capture')
        run = traced.run(script, *arguments, output=None, PYMEMFLOW_CAPTURE=path, **environment)
        self.assertEqual((run.status, run.stderr), (0, ''))
        return run, path

    def summary(self, path):
        done = command.call('report', '--format=summary', path)
        self.assertEqual((done.status, done.stderr), (0, ''))
        return done.stdout


class Valgrind(Case):
    def count(self, way):
        """Bytes and blocks in use at the end of the program, as memcheck counts them."""
        process = subprocess.Popen([VALGRIND, PROGRAM, way], stderr=subprocess.PIPE)
        _, err = process.communicate()
        self.assertEqual(process.returncode, 0, err)
        found = re.search(r'in use at exit: ([\d,]+) bytes in ([\d,]+) blocks', err.decode())
        return tuple(int(number.replace(',', '')) for number in found.groups())

    def test_agrees_to_the_byte(self):
        for way in WAYS:
            _, path = self.record('leaks.py', LIBRARY, way)
            found = re.search(r'^ *(\d+) +(\d+) +\d+  leaks\.py:\d+ leak$', self.summary(path), re.M)
            self.assertIsNotNone(found, way)
            os.remove(path)
            counted = self.count(way)
            self.assertGreater(counted[1], 0)
            self.assertEqual(tuple(map(int, found.groups())), counted, way)


class Forks(Case):
    def test_the_parents_blocks_are_not_the_childs(self):
        run, path = self.record('forks_with_blocks.py')
        child = int(run.stdout)
        text = self.summary('%s.%d' % (path, child))
        # It gave back 20 of the parent's blocks, and kept 3 of its own.
        self.assertRegex(text, r'(?m)^ *3000 +3 +\d+  forks_with_blocks\.py:\d+ in_child$')
        back = int(re.search(r'taken back: +(\d+) blocks from before', text).group(1))
        self.assertGreaterEqual(back, 20)
        self.assertRegex(self.summary(path),
                         r'(?m)^ *20000 +20 +\d+  forks_with_blocks\.py:\d+ in_parent$')


class Modes(Case):
    def test_what_cannot_be_known_is_said(self):
        for name, value, words in (('FLOW', '0', 'only their sums'), ('RING', '64KiB', 'the last')):
            _, path = self.record('leaks.py', LIBRARY, 'malloc', **{'PYMEMFLOW_' + name: value})
            done = command.call('report', '--format=summary', path)
            self.assertEqual((done.status, done.stdout), (2, ''))
            self.assertRegex(done.stderr, '^pymemflow: .*%s.*cannot be known\n$' % words)
            os.remove(path)

    def test_at_exit(self):
        run = traced.run('leaks.py', LIBRARY, 'malloc', output='report', PYMEMFLOW_SUMMARY='1')
        self.assertEqual((run.status, run.stderr), (0, ''))
        self.assertRegex(run.texts['report'], r'(?m)^ *5500 +10 +\d+  leaks\.py:\d+ leak$')


if __name__ == '__main__':
    traced.require_known()
    unittest.main()
