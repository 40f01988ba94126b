"""Captures that claim more than they hold, and outputs that would destroy a capture (SECURITY.md)."""
import json
import os
import re
import resource
import shutil
import subprocess
import threading
import time

import pytest

import built
import cases
import runs

pytestmark = [pytest.mark.one_python, pytest.mark.known_python]
TERABYTE = 1 << 40
# U+202E shows what follows from right to left; U+2066 to U+2069 isolate; U+2028 ends a line.
UNSAFE = re.compile('[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]')


class Case(cases.Case):
    @pytest.fixture(autouse=True)
    def small_capture(self, fixtures):
        self.capture = self.path('c')
        self.record(self.capture)

    def record(self, path, script='records.py', *arguments):
        run = self.trace(script, *arguments, output=None, PYMEMFLOW_CAPTURE=path)
        assert run.stderr == ''
        return path

    def bytes_of(self, name):
        with open(self.path(name), 'rb') as file:
            return file.read()


class TestSparse(Case):
    """A file of terabytes that takes no space on the disk is read as fast as a small one."""
    SECONDS = 5

    def grow(self, name, size, pieces=()):
        """A copy of the capture of that size; the capture's third page lies again at each of `pieces`."""
        shutil.copy(self.capture, self.path(name))
        with open(self.path(name), 'r+b') as file:
            page = self.bytes_of('c')[8192:12288]
            file.truncate(size)
            for offset in pieces:
                file.seek(offset)
                file.write(page)
        if os.stat(self.path(name)).st_blocks * 512 > 64 << 20:
            pytest.skip('this file system has no holes')
        return self.path(name)

    def timed(self, *words):
        start = time.monotonic()
        done = self.cli(*words)
        assert time.monotonic() - start < self.SECONDS, words
        return done

    def test_every_command_skips_holes(self):
        sparse = self.grow('s', 4 * TERABYTE)
        plain = self.cli('report', self.capture).stdout
        assert self.timed('report', sparse).stdout == plain
        assert self.timed('report', '--format=json', sparse).status == 0
        assert self.timed('info', sparse).status == 0
        assert self.timed('gate', '--max-leak=1TiB', sparse).status == 0
        assert self.timed('diff', self.capture, sparse).status == 0

    def test_hole_of_a_killed_process(self):
        """Such a capture is read several times, in case it still grows."""
        sparse = self.grow('s', 4 * TERABYTE)
        script = 'import os; kept = [bytearray(1000) for _ in range(1000)]; os.kill(os.getpid(), 9)'
        self.trace.code(script, output=None, PYMEMFLOW_CAPTURE=self.path('killed'))
        os.truncate(self.path('killed'), 4 * TERABYTE)
        assert 'did not end by itself' in self.timed('report', self.path('killed')).stdout
        assert self.timed('info', sparse).status == 0

    def test_blocks_behind_holes_are_read(self):
        size = os.path.getsize(self.capture)
        shutil.copy(self.capture, self.path('moved'))
        with open(self.path('moved'), 'r+b') as file:
            data = file.read()[4096:]
            file.truncate(4096)
            file.truncate(4 * TERABYTE)
            file.seek(3 * TERABYTE)
            file.write(data)
        assert size == 4096 + len(data)
        plain = self.cli('report', self.capture).stdout
        assert self.timed('report', self.path('moved')).stdout == plain

    def test_damage_between_holes_is_said(self):
        pieces = [(i * 100 << 30) + 12345 * 4096 for i in range(1, 20)]
        done = self.timed('report', self.grow('s', 4 * TERABYTE, pieces))
        assert done.status == 0
        assert 'dtrace:::END' in done.stdout


class TestLongNames(Case):
    """A name of a megabyte that 200,000 events refer to: 200 GB, if it were printed each time."""
    CUT = 'x' * 4096 + '...[1000000 bytes]'

    @pytest.fixture(autouse=True)
    def long_names(self, small_capture):
        self.capture = self.record(self.path('long'), 'long_names.py')
        assert os.path.getsize(self.capture) < 8 << 20

    def measured(self, *words):
        """The number of bytes of the output, one of its lines, and the most memory of the command."""
        command = self.cli.measured(*words, env=self.environment)
        size, kept = 0, b''
        for piece in iter(lambda: command.stdout.read(1 << 20), b''):
            size += len(piece)
            kept = (kept + piece)[-100000:]
        status, memory = command.finish()
        assert status == 0, words
        return size, kept.decode(), memory

    def test_report_is_bounded(self):
        size, _, memory = self.measured('report', self.capture)
        assert 200000 * 4096 < size < 250000 * 4300
        assert memory < 256 << 20

    def test_formats_cut_names_with_a_mark(self):
        for words in ((), ('--format=distributions',), ('--full-file-path', '--format=distributions'),
                      ('--format=json',)):
            size, end, memory = self.measured('report', self.capture, *words)
            assert memory < 256 << 20
            assert not words or size < 1200 * 4500
            assert 'x' * 4097 not in end
            assert self.CUT in end

    def test_gate_and_diff(self):
        done = self.cli('gate', '--max-leak=0', '--json', self.path('verdict'), self.capture)
        assert 'x' * 4097 not in done.stdout + done.stderr + self.read('verdict')
        done = self.cli('diff', self.path('c'), self.capture)
        assert 'x' * 4097 not in done.stdout

    def test_name_of_a_file_and_of_a_mark(self):
        code = ('import ctypes\nmark = ctypes.CDLL(None).pymemflow_mark\nmark(b"z" * 99999)\n'
                'exec(compile("def f():\\n for i in range(1000): bytes(70000)\\nf()", "y" * 1000000, "exec"))\n'
                'mark(b"z" * 99999)\n')
        run = self.trace.code(code, output=None, PYMEMFLOW_CAPTURE=self.path('file'))
        assert run.status == 0 and os.path.getsize(self.path('file')) < 8 << 20
        for words in ((), ('--full-file-path',), ('--format=json',), ('--format=summary',)):
            done = self.cli('report', self.path('file'), *words)
            assert done.status == 0 and len(done.stdout) < 16 << 20
            assert 'y' * 4097 not in done.stdout and 'z' * 256 not in done.stdout
            assert 'y' * 4096 + '...[1000000 bytes]' in done.stdout or words == ('--format=summary',), words

    def test_compat_cuts_as_dtrace_does(self):
        _, end, _ = self.measured('report', '--compat=dtrace', '--format=distributions', self.capture)
        assert '...[' not in end
        assert re.search(r'(?<!x)x{255}(?!x)', end)


class TestUnsafeNames(Case):
    """Names that change the direction of the text around them, or end its line for some readers."""
    SEEN = 'a\\xe2\\x80\\xaeb\\xe2\\x81\\xa9c\\xe2\\x80\\xa8d'

    @pytest.fixture(autouse=True)
    def names(self, small_capture):
        self.capture = self.record(self.path('unsafe'), 'unsafe_names.py', 'w\u202ex')

    def check(self, text, seen=SEEN):
        assert UNSAFE.findall(text) == []
        assert seen in text

    def test_reports(self):
        for words in ((), ('--full-file-path',), ('--format=summary',), ('--format=distributions',)):
            self.check(self.cli('report', self.capture, *words).stdout)

    def test_json_has_them_as_numbers(self):
        text = self.cli('report', self.capture, '--format=json').stdout
        self.check(text, 'a\\u202eb\\u2069c\\u2028d')
        names = {site.get('function') for site in json.loads(text)['sites']}
        assert 'a\u202eb\u2069c\u2028d' in names

    def test_gate(self):
        files = ['--%s=%s' % (kind, self.path(kind)) for kind in ('json', 'junit', 'markdown')]
        done = self.cli('gate', '--max-leak=0', '--max-growth=0', '--github', *files + [self.capture])
        assert done.status == 1
        self.check(done.stdout)
        self.check(done.stderr)
        self.check(self.read('junit'))
        self.check(self.read('markdown').replace('\\\\', '\\'))
        self.check(self.read('json'), 'a\\u202eb\\u2069c\\u2028d')

    def test_pattern_of_the_gate_matches_the_name(self):
        text = self.cli('gate', '--max-leak=0', self.capture).stderr
        pattern = re.search(r'suppress: +(.*a\?\?\?b\?\?\?c\?\?\?d)\n', text).group(1)
        rest = self.cli('gate', '--max-leak=0', '--ignore', pattern, self.capture).stderr
        assert self.SEEN not in rest

    def test_diff_and_info(self):
        self.check(self.cli('diff', self.path('c'), self.capture).stdout)
        self.check(self.cli('info', self.capture).stdout, 'w\\xe2\\x80\\xaex')

    def test_line_of_each_process_of_a_run(self):
        code = 'import os, sys; os.fork(); keep = bytearray(10)'
        done = self.cli('run', '--output=' + os.devnull, self.python.path, '-c', code,
                        'w\u202ex\x1b[31m', env=self.environment)
        assert done.status == 0
        assert '2 processes' in done.stderr
        self.check(done.stderr, 'w\\xe2\\x80\\xaex\\x1b[31m')

    def test_messages(self):
        done = self.cli('report', self.path('no\u202ething'))
        runs.check_error(done, 'no\\xe2\\x80\\xaething')
        run = self.trace('records.py', output=None, PYMEMFLOW_FLOW='no\u202eth\u2069ing')
        assert UNSAFE.findall(run.stderr) == []
        assert 'no???th???ing' in run.stderr

    def test_error_of_a_leak_in_python(self):
        code = ('import sys; sys.path.insert(0, %r); import pymemflow\n'
                'site = pymemflow.Site("f.py:1 a\\u202eb\\x9b", "f.py", 1, 10, 1)\n'
                'print(ascii(pymemflow.describe([site])))\n' % os.path.join(built.ROOT, 'python'))
        run = self.trace.code(code, preload=False)
        assert 'f.py:1 a\\\\xe2\\\\x80\\\\xaeb\\\\xc2\\\\x9b' in run.stdout, run.stderr


class TestOutputs(Case):
    """The output of a command replaces a file of the user, and never a capture."""

    def outputs(self, file):
        yield ('report', '--output', file, self.capture)
        yield ('report', '--output', file, self.capture, '--format=json')
        yield ('diff', self.capture, self.capture, '--json', file)
        for kind in ('json', 'junit', 'markdown'):
            yield ('gate', '--max-leak=1TiB', '--%s=%s' % (kind, file), self.capture)
        yield ('gate', '--baseline', file, '--update-baseline', self.capture)
        yield ('run', '--output', file, self.python.path, '-c', 'pass')

    def check_refused(self, name, kept='c'):
        before = self.bytes_of(kept)
        listed = sorted(os.listdir(self.folder))
        for words in self.outputs(self.path(name)):
            done = self.cli(*words, env=self.environment)
            assert 'an output never replaces a capture' in done.stderr, words
            assert done.status == (0 if words[0] == 'run' else 2), words
            assert self.bytes_of(kept) == before, words
            assert sorted(os.listdir(self.folder)) == listed, words

    def test_capture_that_is_being_read(self):
        self.check_refused('c')

    def test_link_to_the_capture(self):
        os.symlink(self.capture, self.path('link'))
        self.check_refused('link')

    def test_second_name_of_the_capture(self):
        os.link(self.capture, self.path('second'))
        self.check_refused('second')

    def test_another_capture(self):
        self.record(self.path('other'))
        self.check_refused('other', 'other')

    def test_capture_with_a_damaged_head(self):
        with open(self.record(self.path('damaged')), 'r+b') as file:
            file.write(b'x' * 64)
        self.check_refused('damaged', 'damaged')

    def test_damaged_capture_that_is_being_read(self):
        """Nothing at its beginning says that it is a capture."""
        with open(self.capture, 'r+b') as file:
            file.write(b'x' * 64)
            file.seek(4096)
            file.write(b'x' * 64)
        before = self.bytes_of('c')
        os.symlink(self.capture, self.path('link'))
        for name in ('c', 'link'):
            done = self.cli('report', '--output', self.path(name), self.capture)
            runs.check_error(done, 'an output never replaces a capture')
            assert self.bytes_of('c') == before

    def test_file_that_a_gate_reads(self):
        texts = {'base': '{"pymemflow-baseline": 2, "sites": {}}', 'known': '# none\n'}
        for name, text in texts.items():
            self.write(name, text)
            os.symlink(name, self.path('link-to-' + name))
        base, known = '--baseline=' + self.path('base'), '--suppressions=' + self.path('known')
        for name in ('base', 'link-to-base', 'known', 'link-to-known'):
            for kind in ('json', 'junit', 'markdown'):
                done = self.cli('gate', base, known, '--%s=%s' % (kind, self.path(name)), '--',
                                self.python.path, '-c', 'print("runs")', env=self.environment)
                runs.check_error(done, name + ': is the file of --', 'never replaces a file that is read')
                assert done.stdout == ''
        done = self.cli('gate', '--update-baseline', '--baseline', self.path('known'), known, self.capture)
        runs.check_error(done, 'known: is the file of --suppressions')
        assert {name: self.read(name) for name in texts} == texts

    def test_file_of_the_user_is_replaced(self):
        for number, words in enumerate(self.outputs(self.path('out'))):
            os.chmod(self.write('out', 'old'), 0o640)
            with open(self.path('out'), encoding='utf-8') as reader:
                done = self.cli(*words, env=self.environment)
                assert done.status == 0, (words, done)
                assert reader.read() == 'old'  # of the file that had the name before
            assert len(self.read('out')) > 50
            assert os.stat(self.path('out')).st_mode & 0o777 == 0o640
            assert sorted(os.listdir(self.folder)) == ['c', 'out'], number

    def test_folder(self):
        os.mkdir(self.path('folder'))
        for words in self.outputs(self.path('folder')):
            done = self.cli(*words, env=self.environment)
            assert 'Is a directory' in done.stderr, words
        assert os.listdir(self.path('folder')) == []

    def test_fifo(self):
        os.mkfifo(self.path('fifo'))
        done = self.cli('report', '--output', self.path('fifo'), self.capture)
        runs.check_error(done, 'fifo: nobody reads this FIFO')
        got = []

        def read():
            with open(self.path('fifo'), encoding='utf-8') as file:
                got.append(file.read())

        reader = threading.Thread(target=read)
        reader.start()
        done = self.cli('report', '--output', self.path('fifo'), self.capture)
        reader.join()
        assert done.status == 0
        assert got == [self.cli('report', self.capture).stdout]

    def test_failed_report_leaves_the_old_file(self):
        self.write('out', 'old')
        process = subprocess.run(
            [self.build.command, 'report', '--output', self.path('out'), self.capture],
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
            stderr=subprocess.PIPE, check=False)
        assert process.returncode == 2
        assert b'out: File too large' in process.stderr
        assert self.read('out') == 'old'
        assert sorted(os.listdir(self.folder)) == ['c', 'out']
