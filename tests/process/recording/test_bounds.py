"""Upper bounds of the memory and disk space that the tool takes: with many sites, with short-lived
threads, on full disks, and for the report of a large capture."""
import lzma
import os
import re
import resource
import subprocess
import time

import pytest

import built
import cases

pytestmark = pytest.mark.one_python
MODES = ({}, {'PYMEMFLOW_RING': '1MiB'}, {'PYMEMFLOW_FLOW': '0'})


def name_of(options):
    return ' '.join('%s=%s' % item for item in options.items()) or 'all events'


class Case(cases.Case):
    @pytest.fixture(autouse=True)
    def capture(self, fixtures, length):
        self.capture = self.path('capture')
        self.length = length

    def record(self, *arguments, **options):
        if os.path.exists(self.capture):
            os.unlink(self.capture)
        run = self.trace(*arguments, output=None, PYMEMFLOW_CAPTURE=self.capture, **options)
        assert (run.status, run.stderr) == (0, '')
        return run

    def report(self, *options):
        report = self.cli.report(self.capture, *options)
        assert report.lost == 0
        return report


@pytest.mark.soak('sites')
class TestSites(Case):
    def test_a_thousand_take_8_mib_at_most(self):
        plain = int(self.trace('thousand_sites.py', preload=False).stdout)
        for options in MODES:
            run = self.record('thousand_sites.py', **options)
            assert int(run.stdout) - plain < 8 * 1024, options
            self.length.say('%s: %d KiB more resident' % (name_of(options), int(run.stdout) - plain))


class TestModules(Case):
    # Pages of a file that may hold code. Each is a range of its own, as that of a library is.
    MAP = ('import mmap, os\nfile = os.open(%r, os.O_RDONLY)\n'
           'code = [mmap.mmap(file, 4096, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC) for n in range(%d)]\n')

    @pytest.mark.parametrize('mapped', [3000, 5000])
    def test_addresses_past_the_last_one_of_the_table(self, mapped):
        """The system lists what is mapped later first, so the library that calls malloc() comes last. Calls
        of mmap() are not recorded here: the first one would look for its library before the others."""
        library = self.build.path('ends_in_places')
        run = self.trace.code('import ctypes\nend = ctypes.CDLL(%r)\n' % library + self.MAP % (library, mapped) +
                              'end.end_with_the_last_thread(ctypes.c_size_t(0))', PYMEMFLOW_MAPPINGS='0')
        assert (run.status, run.stderr, run.report.lost) == (0, '', 0)
        counts = run.report.counts('malloc', by='engine')
        named = counts.get(('ends_in_places.so', 'outlive_the_first'))
        addresses = [count for (module, symbol), count in counts.items() if not module and symbol.startswith('0x')]
        assert named == 7 if mapped == 3000 else named is None and 7 in addresses, counts


@pytest.mark.needs('objcopy')
class TestSymbols(Case):
    def test_packed_ones_that_are_large(self):
        """200 MiB of zeros, in 30 KB of a library that calls malloc()."""
        packed = os.path.join(self.folder, 'packed')
        with lzma.open(packed, 'wb', preset=0) as file:
            for _ in range(200):
                file.write(bytes(1 << 20))
        library = os.path.join(self.folder, 'packs.so')
        subprocess.check_call(['objcopy', '--strip-all', '--add-section', '.gnu_debugdata=' + packed,
                               self.build.path('ends_in_places'), library])
        self.trace.code('import ctypes\nctypes.CDLL(%r).end_with_the_last_thread(ctypes.c_size_t(0))' % library,
                        output=None, PYMEMFLOW_CAPTURE=self.capture)
        command = self.cli.measured('report', self.capture)
        text = command.stdout.read()
        status, memory = command.finish()
        assert status == 0
        assert b'packs.so`0x' in text
        assert memory < 160 << 20


@pytest.mark.probed_python
class TestLines(Case):
    def test_indentation_ends(self):
        """A call stack is indented up to 1,000 calls."""
        code = ('import sys\nsys.setrecursionlimit(9000)\ndef deep(n):\n    bytes(5000)\n'
                '    if n: deep(n - 1)\ndeep(1500)\n')
        text = self.trace.code(code, PYMEMFLOW_PYTHON_CALL_STACK='1', output='text').texts['text']
        indents = [len(blanks) for blanks in re.findall(r'CALL ( *)-> deep\n', text)]
        assert len(indents) == 1501 and max(indents) == 2000


@pytest.mark.soak('threads')
class TestThreads(Case):
    def test_short_ones_take_no_more_room(self):
        count = self.length.pick(2000, 20000)
        plain = int(self.trace('short_threads.py', str(count), preload=False).stdout)
        for options in MODES:
            run = self.record('short_threads.py', str(count), **options)
            assert int(run.stdout) - plain < 24 * 1024, options
            # Each thread writes 400 bytes of events; or some threads have rings at the same time.
            assert os.stat(self.capture).st_size < count * 600 + (32 << 20)
            self.length.say('%s: %d KiB more resident, %d KiB of file' % (
                name_of(options), int(run.stdout) - plain, os.stat(self.capture).st_size >> 10))
            if options == {}:
                sizes = sorted(self.report().sizes('work'))
                expected = set(range(10000, 10000 + count))
                assert expected - set(sizes) == set()


@pytest.mark.soak('disks')
class TestDisks(Case):
    @pytest.fixture(autouse=True)
    def sizes(self, capture):
        # At 12 bytes per event, these are more than the file holds.
        self.events = self.length.pick('500000', '8000000')
        self.small, self.large = self.length.pick((4 << 20, 8 << 20), (32 << 20, 64 << 20))

    def check(self, run, capture, reason):
        assert (run.status, run.stdout) == (4, 'out\n')
        assert reason in run.stderr
        assert run.stderr.count('\n') == 1, run.stderr
        report = self.cli.report(capture)
        assert reason in report.text
        assert report.lost > 0
        same = [event for event in report.events if event.function in ('same', 'growing')]
        assert len(same) > 100000
        self.length.say('%s: %d events kept, %d lost' % (reason, report.recorded, report.lost))

    def test_capture_folder_is_full(self, disk):
        disk = disk(self.small)
        capture = os.path.join(disk, 'capture')
        run = self.trace('busy.py', self.events, output=None, PYMEMFLOW_CAPTURE=capture,
                         PYMEMFLOW_CAPTURE_LIMIT='1GiB')
        self.check(run, capture, 'No space left on device')

    def test_half_of_the_folder_is_left(self, disk):
        disk = disk(self.large)
        capture = os.path.join(disk, 'capture')
        run = self.trace('busy.py', self.events, output=None, PYMEMFLOW_CAPTURE=capture)
        self.check(run, capture, 'the record reached its limit of ')
        assert os.stat(capture).st_size <= self.large // 2

    def test_limit(self):
        run = self.trace('busy.py', self.events, output=None, PYMEMFLOW_CAPTURE=self.capture,
                         PYMEMFLOW_CAPTURE_LIMIT=str(self.small))
        self.check(run, self.capture, 'the record reached its limit of %d bytes' % self.small)
        assert os.stat(self.capture).st_size <= self.small

    def test_size_of_files_is_limited(self):
        """Past RLIMIT_FSIZE a signal would end the program (Python ignores it, others do not)."""
        traced_shell = ['/bin/sh', '-c', 'ulimit -f %d; exec "$@"' % (self.small // 512), 'sh',
                        self.python.path, built.victim('busy.py'), self.events]
        run = self.trace.program(traced_shell, output=None, PYMEMFLOW_CAPTURE=self.capture,
                                 PYMEMFLOW_CAPTURE_LIMIT='1GiB')
        self.check(run, self.capture, 'the record reached its limit of ')


@pytest.mark.soak('reports')
class TestReports(Case):
    def test_larger_than_memory(self):
        """The report of a large capture fits into a limited address space."""
        count = self.length.pick(4000000, 100000000)
        space = self.length.pick(40 << 20, 1 << 30)
        run = self.trace('busy.py', str(count), output=None, PYMEMFLOW_CAPTURE=self.capture)
        assert (run.status, run.stderr) == (4, '')
        # A reader that has the whole file in its memory cannot make the report.
        assert os.stat(self.capture).st_size > space
        start = time.time()
        process = subprocess.Popen(
            [self.cli.path, 'report', self.capture], stdout=subprocess.PIPE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (space, space)))
        lines, last = 0, b''
        for last in process.stdout:
            lines += 1
        assert process.wait() == 0
        seconds = time.time() - start
        assert re.search(r'^pymemflow: \d+ events recorded, 0 lost$', last.decode())
        assert lines > count
        self.length.say('%d lines in %d MiB of address space, %.1f s, %.1f million lines a second' % (
            lines, space >> 20, seconds, lines / seconds / 1e6))
