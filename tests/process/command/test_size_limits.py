"""The command under a limit of file sizes: one line says what could not be written, nothing is left behind, and
the programs that it starts have the action of SIGXFSZ that the command was started with."""
import os
import resource
import signal
import subprocess

import pytest

import cases

pytestmark = [pytest.mark.one_python, pytest.mark.known_python]
LIMIT = 1000


class TestSizeLimits(cases.Case):
    @pytest.fixture(autouse=True)
    def captures(self, fixtures):
        os.mkdir(self.path('tmp'))
        self.environment['TMPDIR'] = self.path('tmp')
        done = self.cli('run', '--capture', self.path('c'), '-o', self.path('report'), '--', self.python.path, '-c',
                        'for i in range(20000): bytes(1000 + i)', env=self.environment)
        assert done.status == 0, done
        assert self.cli('compress', self.path('c')).status == 0
        self.before = self.files()

    def files(self):
        return sorted(os.listdir(self.folder))

    def limited(self, *words, limit=LIMIT):
        """Runs the command; its standard output is a file, its standard error is not."""
        with open(self.path('stdout'), 'wb') as file:
            process = subprocess.run([self.cli.path, *words], cwd=self.folder, env=self.environment, stdout=file,
                                     stderr=subprocess.PIPE, check=False, preexec_fn=lambda: resource.setrlimit(
                                         resource.RLIMIT_FSIZE, (limit, limit)))
        size = os.stat(self.path('stdout')).st_size
        os.unlink(self.path('stdout'))
        return process.returncode, process.stderr.decode(), size

    @pytest.mark.parametrize('words, subject', [
        (['manual'], 'standard output'), (['help'], 'standard output'), (['help', 'run'], 'standard output'),
        (['completion', 'bash'], 'standard output'), (['report', 'c'], 'standard output'),
        (['report', '--format', 'json', 'c'], 'standard output'), (['report', '-o', '-', 'c'], 'standard output'),
        (['report', '-o', 'out', 'c'], 'out'), (['report', 'c.pmz'], 'c.pmz: cannot be decompressed'),
        (['info', 'c.pmz'], 'c.pmz: cannot be decompressed'), (['diff', 'c.pmz', 'c'], 'c.pmz: cannot be decompressed'),
        (['compress', '-o', 'out', 'c'], 'out'), (['compress', '-o', '-', 'c'], 'standard output'),
        (['decompress', '-o', 'out', 'c.pmz'], 'out'), (['decompress', '-o', '-', 'c.pmz'], 'standard output'),
        (['diff', '--json', 'out', 'c', 'c'], 'out')], ids=' '.join)
    def test_one_line(self, words, subject):
        status, said, size = self.limited(*words)
        assert (status, said.replace(self.folder + '/', '')) == (2, 'pymemflow: %s: File too large\n' % subject)
        assert size <= LIMIT
        assert self.files() == self.before and os.listdir(self.path('tmp')) == []

    @pytest.mark.parametrize('option', ['--json', '--junit', '--markdown'])
    def test_outputs_of_the_gate(self, option):
        """The verdict is on standard error, which has room."""
        program = ['-c', 'import _leaky, os\nfor i in range(9): exec("def f%d(): _leaky.leaking(999)\\nf%d()" % (i, i))']
        path = self.path('leaks')
        assert self.cli('run', '--capture', path, '-o', self.path('report.2'), '--', self.python.path, *program,
                        env=self.environment).status == 0
        before = self.files()
        status, said, _ = self.limited('gate', '--max-leak=1', option, 'out', 'leaks', limit=100)
        assert (status, said.splitlines()[-1]) == (2, 'pymemflow: out: File too large')
        assert self.files() == before and os.listdir(self.path('tmp')) == []

    @pytest.mark.parametrize('command', [['run', '-o', '/dev/null'], ['gate', '--max-leak=1GB']])
    @pytest.mark.parametrize('action', [signal.SIG_DFL, signal.SIG_IGN], ids=['default', 'ignored'])
    def test_action_in_programs(self, command, action):
        def is_ignored(*words):
            # Python itself ignores SIGXFSZ, and would hand that on or restore it.
            done = subprocess.run([*words, 'sed', '-n', 's/^SigIgn:.//p', '/proc/self/status'], check=False,
                                  env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                  restore_signals=False, preexec_fn=lambda: signal.signal(signal.SIGXFSZ, action))
            return bool(int(done.stdout, 16) >> signal.SIGXFSZ - 1 & 1)

        assert is_ignored(self.cli.path, *command) == is_ignored('env') == (action == signal.SIG_IGN)

    def test_doctor(self):
        """It blames the limit, and no version of Python."""
        done = subprocess.run([self.cli.path, 'doctor', self.python.path], env=self.environment, check=False,
                              stdout=subprocess.PIPE, text=True, preexec_fn=lambda: resource.setrlimit(
                                  resource.RLIMIT_FSIZE, (100000, 100000)))
        assert done.returncode == 2
        assert 'recording stopped (the record reached its limit of 100000 bytes)' in done.stdout
        assert 'ulimit -f' in done.stdout and 'Use a released CPython' not in done.stdout
