"""`-` is standard output wherever a command or the library writes a FILE, and makes no file of that
name."""
import json
import os
import re
import subprocess
import xml.etree.ElementTree

import pytest

import cases
import reports
import runs

pytestmark = [pytest.mark.one_python, pytest.mark.known_python]
LEAK = 'import _leaky\ndef leak():\n    for _ in range(10): _leaky.leaking(1000)\nleak()\n'


class Case(cases.Case):
    @pytest.fixture(autouse=True)
    def nothing_is_left(self, fixtures):
        yield
        assert not os.path.lexists(self.path('-'))

    def run_cli(self, *words):
        return self.cli(*words, env=self.environment, cwd=self.folder)

    def capture(self):
        path = self.path('capture')
        if not os.path.exists(path):
            done = self.run_cli('run', '--capture', path, '--output', self.path('out'), '--',
                                self.python.path, '-c', LEAK)
            assert done.status == 0, done
        return path


class TestReports(Case):
    @pytest.mark.parametrize('words', [['-o', '-'], ['-o-'], ['--output=-'], ['--output', '-']])
    def test_run(self, words):
        done = self.run_cli('run', *words, '--', self.python.path, '-c', 'print("out", flush=True)')
        assert (done.status, done.stderr) == (0, '')
        assert done.stdout.startswith('out\ndtrace:::BEGIN\n')

    def test_run_of_several_processes(self):
        code = 'import os\nif os.fork(): os.wait()\nbytes(77777)'
        for name in ('-', '/dev/stdout'):
            done = self.run_cli('run', '-o', name, '--', self.python.path, '-c', code)
            assert done.stdout.count('dtrace:::BEGIN') == 2
            assert not [file for file in os.listdir('/dev') if file.startswith('stdout.')]
            assert not [file for file in os.listdir(self.folder) if file.startswith('-')]

    def test_report(self):
        plain = self.run_cli('report', self.capture()).stdout
        assert self.run_cli('report', '-o', '-', self.capture()) == (0, plain, '')

    def test_library(self):
        run = self.trace.code('print("out", flush=True)', output=None, cwd=self.folder,
                              PYMEMFLOW_OUTPUT='-')
        assert (run.status, run.stderr) == (0, '')
        assert run.stdout.startswith('out\ndtrace:::BEGIN\n')
        assert reports.Report(run.stdout[len('out\n'):]).lost == 0

    def test_a_file_of_this_name(self):
        done = self.run_cli('report', '-o', './-', self.capture())
        assert (done.status, done.stdout, done.stderr) == (0, '', '')
        assert self.read('-').startswith('dtrace:::BEGIN\n')
        os.unlink(self.path('-'))

    def test_that_is_closed(self):
        done = self.cli('report', '-o', '-', self.capture(), preexec_fn=lambda: os.close(1))
        runs.check_error(done, 'standard output: ')


class TestVerdicts(Case):
    def test_json(self):
        done = self.run_cli('gate', '--max-leak=1', '--json', '-', self.capture())
        assert done.status == 1
        assert json.loads(done.stdout)['processes'][0]['leaks'][0]['bytes'] == 10000

    def test_junit(self):
        done = self.run_cli('gate', '--max-leak=1', '--junit', '-', self.capture())
        assert xml.etree.ElementTree.fromstring(done.stdout).tag == 'testsuites'

    def test_markdown(self):
        done = self.run_cli('gate', '--max-leak=1', '--markdown', '-', self.capture())
        assert 'leak' in done.stdout

    def test_baseline(self):
        done = self.run_cli('gate', '--baseline', '-', '--update-baseline', self.capture())
        assert done.status == 0
        assert re.fullmatch(r'pymemflow: wrote \d+ bytes in \d+ blocks at \d+ sites? to -\n', done.stderr)
        assert [site['bytes'] for site in json.loads(done.stdout)['sites'].values()] == [10000]

    def test_diff(self):
        done = self.run_cli('diff', '--json', '-', self.capture(), self.capture())
        assert (done.status, done.stderr) == (0, '')
        assert json.loads(done.stdout)['before'] == json.loads(done.stdout)['after']


class TestCompressed(Case):
    def test_compressed_and_back(self):
        plain = self.capture()
        self.run_cli('compress', '-o', self.path('packed'), plain)
        with open(self.path('packed'), 'rb') as file:
            packed = file.read()
        out = self.stream('compress', '-o', '-', plain)
        assert len(out) == len(packed)
        with open(self.path('from-stream'), 'wb') as file:
            file.write(out)
        report = self.run_cli('report', plain).stdout
        assert self.run_cli('report', self.path('from-stream')).stdout == report
        with open(self.path('again'), 'wb') as file:
            file.write(self.stream('decompress', '-o', '-', self.path('packed')))
        assert self.run_cli('report', self.path('again')).stdout == report

    def stream(self, *words):
        return subprocess.run([self.cli.path, *words], env=self.environment, cwd=self.folder, check=True,
                              stdout=subprocess.PIPE).stdout


def test_every_option_that_writes_a_file_is_known(build):
    """A new option that takes a FILE gets a test above, unless it reads one or keeps a record."""
    tested = {'--output', '--json', '--junit', '--markdown', '--baseline'}
    others = {'--suppressions', '--capture', '--pymemflow-library'}
    found = set()
    for command in ('run', 'report', 'gate', 'diff', 'info', 'doctor', 'compress', 'decompress', 'overhead'):
        words = runs.Command(build.command)('help', command).stdout.split()
        for before, word in zip(words, words[1:]):
            if word == 'FILE' and before.startswith('-'):
                found.add('--' + before.rpartition('--')[2])
    assert found - others == tested
