"""A process that is killed at any moment leaves a capture that can be read, with every event that was
complete."""
import collections
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import command
import traced
from lengths import pick, say

ROUNDS = pick(3, 100)
LATEST = pick(0.05, 0.1)
KILLED = ('pymemflow: the program did not end by itself: this report covers what it had done until '
          'then\n')


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.capture = os.path.join(self.folder, 'capture')

    def kill(self, delay, threads=1, **options):
        """Kills the victim some time after its first line; how far each thread said it was."""
        if os.path.exists(self.capture):
            os.unlink(self.capture)
        environment = dict(os.environ, LD_PRELOAD=traced.LIBRARY, PYTHONPATH=traced.EXAMPLES,
                           PYMEMFLOW_CAPTURE=self.capture, **options)
        victim = os.path.join(traced.VICTIMS, 'counts.py')
        with subprocess.Popen([sys.executable, victim, str(threads)], env=environment,
                              stdout=subprocess.PIPE) as process:
            said = process.stdout.readline()
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
            said += process.stdout.read()
        self.assertEqual(process.returncode, -signal.SIGKILL)
        counts = collections.Counter()
        for line in said.decode().splitlines():
            match = re.match(r'^(\d+) (\d+)$', line)
            if match:  # the last one may be cut short
                counts[int(match.group(1))] = int(match.group(2))
        return counts

    def report(self, *options):
        done = command.call('report', self.capture, *options)
        self.assertEqual((done.status, done.stderr), (0, ''))
        self.assertIn(KILLED, done.stdout)
        report = traced.Report(done.stdout)
        self.assertEqual((report.lost, report.torn), (0, []))
        return report


class Kills(Case):
    def test_no_event_is_missing(self):
        for _ in range(ROUNDS):
            counts = self.kill(random.uniform(0, LATEST))
            sizes = self.report().sizes('allocate')
            self.assertEqual(sizes, [number % 50000 + 1 for number in range(len(sizes))])
            self.assertGreaterEqual(len(sizes), counts[0])
        say('%d kills, no event missing' % ROUNDS)

    def test_of_threads(self):
        for _ in range(pick(2, 20)):
            counts = self.kill(random.uniform(0, LATEST), threads=4)
            sizes = self.report().sizes('allocate')
            # Which thread an event is of is not printed: each size is there as often as it was
            # made at the least, and at the most once more than that a thread in its thousand.
            made = collections.Counter(sizes)
            least = collections.Counter()
            for thread in range(4):
                least.update(number % 50000 + 1 for number in range(counts[thread]))
            self.assertEqual(least - made, collections.Counter())

    def test_ring(self):
        overwritten = 0
        for _ in range(ROUNDS):
            counts = self.kill(random.uniform(0, LATEST), PYMEMFLOW_RING='64KiB')
            report = self.report()
            sizes = report.sizes('allocate')
            self.assertEqual(sizes, [(sizes[0] - 1 + number) % 50000 + 1
                                     for number in range(len(sizes))])
            # The event that was kept last is not before the counter that was printed last (and less
            # than a lap of the sizes behind it).
            self.assertLess((sizes[-1] - counts[0]) % 50000, 40000)
            self.assertGreaterEqual(report.recorded, len(report.events) + report.overwritten)
            overwritten += report.overwritten
        self.assertGreater(overwritten, 0)
        say('%d kills, rings whole' % ROUNDS)

    def test_sums(self):
        for _ in range(ROUNDS):
            counts = self.kill(random.uniform(0, LATEST), PYMEMFLOW_FLOW='0')
            report = self.report()
            made = report.counts('malloc')['counts.py', 'allocate']
            self.assertGreaterEqual(made, counts[0])
            # Each number once: their sum tells.
            expected = sum(number % 50000 + 1 for number in range(made))
            self.assertIn('   counts.py, allocate, bytes total = %d \n' % expected, report.text)
        say('%d kills, sums exact' % ROUNDS)


class Ends(Case):
    def test_other_ends(self):
        for way, is_killed in (('abort', True), ('segv', True), ('_exit', False),
                               ('exception', False)):
            if os.path.exists(self.capture):
                os.unlink(self.capture)
            run = traced.run('ends.py', way, output=None, PYMEMFLOW_CAPTURE=self.capture)
            self.assertNotEqual(run.status, 0)
            done = command.call('report', self.capture)
            self.assertEqual((done.status, done.stderr), (0, ''))
            self.assertEqual(KILLED in done.stdout, is_killed, way)
            report = traced.Report(done.stdout)
            self.assertEqual(report.sizes('before'), list(range(77000, 77100)))
            self.assertEqual(report.sizes('after'), list(range(30000, 30100)))
            self.assertEqual(report.lost, 0)


if __name__ == '__main__':
    unittest.main()
