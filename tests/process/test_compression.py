"""Compressed captures: run --compress, compress, decompress, and every command that reads captures."""
import os
import random
import re
import stat
import subprocess

import pytest

import cases
import runs

pytestmark = [pytest.mark.one_python, pytest.mark.known_python]
SCRIPT = 'import sys\nkept = []\nfor i in range(%d):\n    kept.append(bytes(1000))\n    bytes(2000)\n'


class Case(cases.Case):
    def record(self, name='leak.pmf', events=20000, *options):
        """A capture."""
        done = self.cli('run', '--capture', self.path(name), '--output', self.path('out.' + name), *options, '--',
                        self.python.path, '-c', SCRIPT % (events // 4), env=self.environment)
        assert (done.status, done.stderr) == (0, ''), done
        return self.path(name)

    def compress(self, path, *words):
        done = self.cli('compress', *words, path)
        assert done == (0, '', '')
        return path + '.pmz'

    def bytes_of(self, path):
        with open(path, 'rb') as file:
            return file.read()


class TestReading(Case):
    COMMANDS = [('report',), ('report', '--format', 'summary'), ('report', '--format', 'json'),
                ('report', '--format', 'distributions'), ('gate', '--max-leak', '1G'),
                ('gate', '--max-leak', '1')]

    @pytest.mark.parametrize('options', [(), ('--no-flow',), ('--ring', '64KiB')], ids=lambda options: ''.join(options))
    def test_as_any_other(self, options):
        plain = self.record('leak.pmf', 20000, '--format', 'distributions' if options else 'flow', *options)
        packed = self.compress(plain)
        assert os.path.getsize(packed) < os.path.getsize(plain) / 2
        assert stat.S_IMODE(os.stat(packed).st_mode) == 0o600
        for words in self.COMMANDS:
            one, other = self.cli(*words, plain), self.cli(*words, packed)
            assert other.status == one.status, words
            assert other.stdout == one.stdout.replace(plain, packed), words
            assert other.stderr == one.stderr.replace(plain, packed), words
        one, other = self.cli('info', plain), self.cli('info', packed)
        assert other.stdout == one.stdout.replace(plain, packed, 1)

    def test_diff(self):
        old, new = self.record('old.pmf', 4000), self.record('new.pmf', 8000)
        expected = self.cli('diff', old, new)
        packed = self.compress(old), self.compress(new)
        done = self.cli('diff', *packed)
        assert done.status == 0
        assert done.stdout == expected.stdout.replace(old, packed[0]).replace(new, packed[1])

    def test_round_trip(self):
        plain = self.record()
        packed = self.compress(plain, '-o', self.path('here'))
        assert not os.path.exists(packed)
        assert self.cli('decompress', '--output', self.path('again'), self.path('here')) == (0, '', '')
        assert self.bytes_of(self.path('again')) == self.bytes_of(plain)
        os.rename(self.path('here'), self.path('x.pmz'))
        assert self.cli('decompress', self.path('x.pmz')) == (0, '', '')
        assert self.bytes_of(self.path('x')) == self.bytes_of(plain)

    def test_leaves_nothing_behind(self):
        packed = self.compress(self.record())
        os.mkdir(self.path('tmp'))
        self.cli('report', packed, env=dict(self.environment, TMPDIR=self.path('tmp')))
        assert os.listdir(self.path('tmp')) == []

    def test_no_room(self):
        packed = self.compress(self.record())
        done = self.cli('report', packed, env=dict(self.environment, TMPDIR=self.path('none')))
        runs.check_error(done, packed, 'cannot be decompressed: No such file')


class TestWindows(Case):
    """The record of a process that was killed is in two files, and its compressed form is one."""

    def killed(self, name='killed', act='', rounds=3000, **options):
        code = (SCRIPT % rounds + 'import os, signal, threading\nthread = threading.Thread(target=bytes, args=(3000,))\n'
                'thread.start(); thread.join()\n%s\nos.kill(os.getpid(), signal.SIGKILL)' % act)
        self.trace.program([self.python.path, '-c', code], PYMEMFLOW_CAPTURE=self.path(name), output=None,
                           cwd=self.folder, **options)
        assert sorted(os.listdir(self.folder)) == [name, name + '.windows']
        return self.path(name)

    def check_equal(self, plain, packed, commands=TestReading.COMMANDS):
        for words in commands:
            one, other = self.cli(*words, plain), self.cli(*words, packed)
            assert other.status == one.status, words
            assert other.stdout == one.stdout.replace(plain, packed), words
            assert other.stderr == one.stderr.replace(plain, packed), words

    @pytest.mark.parametrize('options', [{}, {'PYMEMFLOW_FLOW': '0'}, {'PYMEMFLOW_RING': '64KiB'}],
                             ids=lambda options: ''.join(options))
    @pytest.mark.parametrize('rounds', [1, 30000])
    def test_killed(self, options, rounds):
        plain = self.killed(rounds=rounds, **options)
        packed = self.compress(plain)
        assert 'did not end by itself' in self.cli('report', packed, '--format', 'distributions').stdout
        self.check_equal(plain, packed)
        assert self.cli('decompress', '-o', self.path('one'), packed) == (0, '', '')
        self.check_equal(plain, self.path('one'))
        assert not os.path.exists(self.path('one.windows'))

    @pytest.mark.parametrize('act', ['os.truncate("killed", 0)', 'os.truncate("killed", 1000)',
                                     'os.truncate("killed", 20480)'])
    def test_truncated_besides(self, act):
        plain = self.killed(act=act, rounds=20000)
        self.check_equal(plain, self.compress(plain))

    def test_of_another_record(self):
        """It is not joined, and the missing windows are said as they were before."""
        plain = self.killed()
        os.rename(plain, self.path('other'))
        os.rename(plain + '.windows', self.path('kept'))
        self.trace.program(
            [self.python.path, '-c', 'import os; os.kill(os.getpid(), 9)'], output=None, PYMEMFLOW_CAPTURE=plain)
        os.rename(plain + '.windows', self.path('other.windows'))
        packed = self.compress(self.path('other'))
        assert 'the file of its windows is missing' in self.cli('report', packed).stdout
        self.check_equal(self.path('other'), packed, TestReading.COMMANDS[:1])

    def test_no_room(self):
        plain = self.killed()
        done = self.cli('compress', plain, env=dict(self.environment, TMPDIR=self.path('none')))
        runs.check_error(done, 'killed: cannot be copied: No such file')
        assert sorted(os.listdir(self.folder)) == ['killed', 'killed.windows']

    def test_by_run(self):
        code = SCRIPT % 3000 + 'import os\nos.fork() or os.kill(os.getpid(), 9)\nos.wait()\n'
        done = self.cli('run', '--compress', '--capture', self.path('c'), '--output', self.path('o'), '--',
                        self.python.path, '-c', code, env=self.environment)
        assert done.status == 0, done
        names = sorted(name for name in os.listdir(self.folder) if name.startswith('c'))
        assert len(names) == 2 and all(name.endswith('.pmz') for name in names), names
        assert sorted('did not end by itself' in self.cli('report', self.path(name)).stdout
                      for name in names) == [False, True]


class TestRun(Case):
    def test_compress(self):
        self.record('leak.pmf', 20000, '--compress')
        assert sorted(os.listdir(self.folder)) == ['leak.pmf.pmz', 'out.leak.pmf']
        assert runs.Command(self.cli.path).report(self.path('leak.pmf.pmz'))

    def test_of_children_too(self):
        code = 'import subprocess, sys; subprocess.check_call([sys.executable, "-c", ""])'
        done = self.cli('run', '--compress', '--capture', self.path('c.%p'), '--output', self.path('o.%p'),
                        '--no-children', '--', self.python.path, '-c', code, env=self.environment)
        assert done.status == 0
        names = [name for name in os.listdir(self.folder) if name.startswith('c.')]
        assert len(names) == 2 and all(name.endswith('.pmz') for name in names), names

    def test_nothing_is_overwritten(self):
        self.write('leak.pmf.pmz', 'mine')
        done = self.cli('run', '--compress', '--capture', self.path('leak.pmf'), '--output', self.path('out'), '--',
                        self.python.path, '-c', '', env=self.environment)
        assert done.status == 0
        runs.check_one_line(done, 'leak.pmf.pmz: exists already; nothing is overwritten; the capture is kept')
        assert self.read('leak.pmf.pmz') == 'mine'
        assert self.cli('report', self.path('leak.pmf')).status == 0

    def test_needs_a_capture(self):
        runs.check_error(self.cli('run', '--compress', 'true'), '--compress needs --capture FILE')


class TestRefusals(Case):
    def test_nothing_is_overwritten(self):
        plain = self.record()
        packed = self.compress(plain)
        before = self.bytes_of(plain), self.bytes_of(packed)
        runs.check_error(self.cli('compress', plain), packed, 'exists already; nothing is overwritten')
        runs.check_error(self.cli('compress', '-o', plain, plain), plain, 'exists already')
        runs.check_error(self.cli('decompress', packed), plain, 'exists already')
        for words in (('report', '-o', packed, packed), ('gate', '--max-leak', '1G', '--json', packed, packed),
                      ('report', '-o', packed, plain)):
            assert self.cli(*words).status == 2, words
        assert (self.bytes_of(plain), self.bytes_of(packed)) == before
        assert sorted(os.listdir(self.folder)) == ['leak.pmf', 'leak.pmf.pmz', 'out.leak.pmf']

    def test_of_what(self):
        plain = self.record()
        packed = self.compress(plain)
        other = self.write('text', 'some text')
        runs.check_error(self.cli('compress', other), 'text: is not a capture of pymemflow')
        runs.check_error(self.cli('compress', packed), 'is compressed already')
        runs.check_error(self.cli('compress', self.path('none')), 'none: No such file')
        runs.check_error(self.cli('decompress', '-o', self.path('x'), plain), 'is not a compressed capture')
        runs.check_error(self.cli('decompress', plain), 'does not end in .pmz; name the new file with --output')
        runs.check_error(self.cli('compress', '-o', self.path('no/x'), plain), 'No such file')
        assert sorted(os.listdir(self.folder)) == ['leak.pmf', 'leak.pmf.pmz', 'out.leak.pmf', 'text']

    def test_a_capture_that_grows(self):
        child = subprocess.Popen([self.python.path, '-c', 'print(1, flush=True); input()'], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE,
                                 env=dict(self.environment, LD_PRELOAD=self.build.library,
                                          PYMEMFLOW_CAPTURE=self.path('grows')))
        assert child.stdout.readline() == b'1\n'
        done = self.cli('compress', self.path('grows'))
        child.communicate(b'\n')
        runs.check_error(done, 'may still grow: process %d has not ended' % child.pid)
        assert not os.path.exists(self.path('grows.pmz'))


class TestDamage(Case):
    """Each damage is said, and nothing else comes of it."""

    def counts(self, path):
        done = self.cli('report', path)
        assert done.status == 0, done
        found = re.search(r'(?m)^pymemflow: (\d+) events recorded, \d+ lost(, damaged in \d+ places?)?', done.stdout)
        return int(found.group(1)), bool(found.group(2))

    def test_cut_and_flipped(self):
        plain = self.record('leak.pmf', 600000)
        packed = self.compress(plain)
        whole = self.bytes_of(packed)
        events, is_damaged = self.counts(plain)
        assert not is_damaged
        seed = random.randrange(1 << 32)
        print('seed', seed)
        chance = random.Random(seed)
        for number in range(12):
            path = self.path('damaged%d' % number)
            at = chance.randrange(600, len(whole))
            data = bytearray(whole[:at] if number % 2 else whole)
            if not number % 2:
                data[at] ^= 1 << chance.randrange(8)
            with open(path, 'wb') as file:
                file.write(data)
            left, is_damaged = self.counts(path)
            assert left <= events
            assert is_damaged, (number, at)
            done = self.cli('decompress', '-o', path + '.plain', path)
            assert done.status == 0
            runs.check_one_line(done, path, 'damaged in ', 'the rest is restored')
            assert self.counts(path + '.plain') == (left, True)
            assert 'damaged in' in self.cli('gate', '--max-leak', '1T', path).stderr

    def test_claims(self):
        """A file that claims to hold terabytes costs nothing."""
        packed = self.compress(self.record())
        data = bytearray(self.bytes_of(packed))
        data[16:24] = (1 << 60).to_bytes(8, 'little')
        with open(self.path('claims'), 'wb') as file:
            file.write(data)
        assert self.counts(self.path('claims'))[1]


def test_library_does_not_need_it(build):
    needed = subprocess.run(['readelf', '-d', build.library], stdout=subprocess.PIPE, check=True).stdout
    assert b'zstd' not in needed
    exported = subprocess.run(['nm', '-D', build.library], stdout=subprocess.PIPE, check=True).stdout
    assert b'ZSTD' not in exported
