"""What the tool may take of memory and disk: with many sites, with threads that come and go, on disks
that are full, and when a large capture is reported on."""
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import command
import traced
from lengths import pick, say

MODES = ({}, {'PYMEMFLOW_RING': '1MiB'}, {'PYMEMFLOW_FLOW': '0'})


def name_of(options):
    return ' '.join('%s=%s' % item for item in options.items()) or 'all events'


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.capture = os.path.join(self.folder, 'capture')

    def record(self, *arguments, **options):
        if os.path.exists(self.capture):
            os.unlink(self.capture)
        run = traced.run(*arguments, output=None, PYMEMFLOW_CAPTURE=self.capture, **options)
        self.assertEqual((run.status, run.stderr), (0, ''))
        return run

    def report(self, *options):
        done = command.call('report', self.capture, *options)
        self.assertEqual((done.status, done.stderr), (0, ''))
        report = traced.Report(done.stdout)
        self.assertEqual((report.lost, report.torn), (0, []))
        return report


class Sites(Case):
    def test_a_thousand_take_8_mib_at_most(self):
        plain = int(traced.run('thousand_sites.py', preload=False).stdout)
        for options in MODES:
            run = self.record('thousand_sites.py', **options)
            self.assertLess(int(run.stdout) - plain, 8 * 1024, options)
            say('%s: %d KiB more resident' % (name_of(options), int(run.stdout) - plain))


class Threads(Case):
    def test_short_ones_take_no_more_room(self):
        count = pick(2000, 20000)
        plain = int(traced.run('short_threads.py', str(count), preload=False).stdout)
        for options in MODES:
            run = self.record('short_threads.py', str(count), **options)
            self.assertLess(int(run.stdout) - plain, 24 * 1024, options)
            # 400 bytes of events a thread; or the rings of some threads at once.
            self.assertLess(os.stat(self.capture).st_size, (count * 600 + (32 << 20)))
            say('%s: %d KiB more resident, %d KiB of file' % (
                name_of(options), int(run.stdout) - plain, os.stat(self.capture).st_size >> 10))
            if options == {}:
                sizes = sorted(self.report().sizes('work'))
                expected = set(range(10000, 10000 + count))
                self.assertEqual(expected - set(sizes), set())


class Disks(Case):
    def full_disk(self, size):
        mounted = os.path.join(self.folder, 'disk')
        os.mkdir(mounted)
        done = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=%d' % size, 'none', mounted],
                              stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            self.skipTest('may not mount a file system: %s' % done.stderr.decode().strip())
        self.addCleanup(subprocess.call, ['umount', mounted])
        return mounted

    def check(self, run, capture, reason):
        self.assertEqual((run.status, run.stdout), (4, 'out\n'))
        self.assertIn(reason, run.stderr)
        self.assertEqual(run.stderr.count('\n'), 1, run.stderr)
        done = command.call('report', capture)
        self.assertEqual((done.status, done.stderr), (0, ''))
        self.assertIn(reason, done.stdout)
        report = traced.Report(done.stdout)
        self.assertEqual(report.torn, [])
        self.assertGreater(report.lost, 0)
        same = [event for event in report.events if event.function in ('same', 'growing')]
        self.assertGreater(len(same), 100000)
        say('%s: %d events kept, %d lost' % (reason, report.recorded, report.lost))

    # Of 12 bytes an event: more than 64 MiB hold, or 4 MiB.
    EVENTS = pick('500000', '8000000')
    SMALL, LARGE = pick((4 << 20, 8 << 20), (32 << 20, 64 << 20))

    def test_capture_folder_is_full(self):
        disk = self.full_disk(self.SMALL)
        capture = os.path.join(disk, 'capture')
        run = traced.run('busy.py', self.EVENTS, output=None, PYMEMFLOW_CAPTURE=capture,
                         PYMEMFLOW_CAPTURE_LIMIT='1GiB')
        self.check(run, capture, 'No space left on device')

    def test_half_of_the_folder_is_left(self):
        disk = self.full_disk(self.LARGE)
        capture = os.path.join(disk, 'capture')
        run = traced.run('busy.py', self.EVENTS, output=None, PYMEMFLOW_CAPTURE=capture)
        self.check(run, capture, 'it reached its limit of ')
        self.assertLessEqual(os.stat(capture).st_size, self.LARGE // 2)

    def test_limit(self):
        run = traced.run('busy.py', self.EVENTS, output=None, PYMEMFLOW_CAPTURE=self.capture,
                         PYMEMFLOW_CAPTURE_LIMIT=str(self.SMALL))
        self.check(run, self.capture, 'it reached its limit of %d bytes' % self.SMALL)
        self.assertLessEqual(os.stat(self.capture).st_size, self.SMALL)

    def test_size_of_files_is_limited(self):
        """Past RLIMIT_FSIZE a signal would end the program (Python ignores it, others do not)."""
        traced_shell = ['/bin/sh', '-c', 'ulimit -f %d; exec "$@"' % (self.SMALL // 512), 'sh',
                        sys.executable, os.path.join(traced.VICTIMS, 'busy.py'), self.EVENTS]
        run = traced.Run(traced_shell, output=None, PYMEMFLOW_CAPTURE=self.capture,
                         PYMEMFLOW_CAPTURE_LIMIT='1GiB')
        self.check(run, self.capture, 'it reached its limit of ')


class Reports(Case):
    def test_larger_than_memory(self):
        """The report of a large capture within a fixed address space."""
        count = pick(1000000, 100000000)
        space = pick(64 << 20, 2 << 30)
        run = traced.run('busy.py', str(count), output=None, PYMEMFLOW_CAPTURE=self.capture)
        self.assertEqual((run.status, run.stderr), (4, ''))
        start = time.time()
        process = subprocess.Popen(
            [command.COMMAND, 'report', self.capture], stdout=subprocess.PIPE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (space, space)))
        lines, last = 0, b''
        for last in process.stdout:
            lines += 1
        self.assertEqual(process.wait(), 0)
        seconds = time.time() - start
        self.assertRegex(last.decode(), r'^pymemflow: \d+ events recorded, 0 lost$')
        self.assertGreater(lines, count)
        say('%d lines in %d MiB of address space, %.1f s, %.1f million lines a second' % (
            lines, space >> 20, seconds, lines / seconds / 1e6))


if __name__ == '__main__':
    unittest.main()
