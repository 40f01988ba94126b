"""The messages of the command are true: of records that are missing, of mappings that are not recorded, and of the end of a
program."""
import json
import os
import re
import subprocess

import pytest

import cases
import runs

pytestmark = [pytest.mark.one_python, pytest.mark.known_python]
ALONE = 'no Python ran in the program itself, and its children are left out (--no-children)'


class Case(cases.Case):
    @pytest.fixture(autouse=True)
    def own_folder(self, fixtures):
        os.mkdir(self.path('tmp'))
        self.environment['TMPDIR'] = self.path('tmp')
        yield
        assert os.listdir(self.path('tmp')) == []

    def run_cli(self, *words, **options):
        return self.cli(*words, env=self.environment, cwd=self.folder, **options)


class TestMissingRecords(Case):
    def test_older_python(self):
        self.environment['UNKNOWN_PYTHON'] = '2.7.18'
        done = self.run_cli('run', '--', self.build.path('unknown_python'))
        assert done.stderr == ('pymemflow: CPython 2.7.18 is not supported (too old); this program runs untraced\n'
                               'pymemflow: no Python ran that could be recorded: there is nothing to report\n')

    def test_few_descriptors(self):
        done = self.run_cli('run', '--', 'sh', '-c', 'ulimit -n 24; exec "$@"', 'sh', self.python.path, '-c', '')
        assert 'no Python ran:' not in done.stderr
        assert 'that could be recorded' in done.stderr and 'Too many open files' in done.stderr

    def test_children_alone(self):
        words = ['--no-children', '--', 'sh', '-c', '"$@"; exit 0', 'sh', self.python.path, '-c', '']
        done = self.run_cli('run', *words)
        assert (done.status, done.stderr) == (0, 'pymemflow: %s: there is nothing to report\n' % ALONE)
        done = self.run_cli('gate', '--max-leak=1GB', *words)
        assert (done.status, done.stderr.splitlines()[-1]) == (2, 'pymemflow: %s: there is nothing to judge' % ALONE)

    def test_recording_that_nobody_starts(self):
        done = self.run_cli('run', '--start=manual', '--', self.python.path, '-c', '')
        assert (done.status, done.stderr) == (
            0, 'pymemflow: no Python ran that could be recorded, or none began to record (--start manual): there is '
               'nothing to report\n')

    def test_nobody_sees_where_the_record_is(self):
        """Standard error is closed, and the report was for it."""
        done = self.run_cli('run', '--', self.python.path, '-c', 'print("out")', preexec_fn=lambda: os.close(2))
        assert (done.status, done.stdout) == (0, 'out\n')

    @pytest.mark.parametrize('descriptor', [0, 1, 2])
    def test_closed_descriptors(self, descriptor):
        """No file of the command gets the number, and the program has it closed."""
        code = 'import os\ntry: os.fstat(%d)\nexcept OSError: os._exit(5)' % descriptor
        words = ['run', '-o', 'report', '--', self.python.path, '-c', code]
        done = self.run_cli(*words, preexec_fn=lambda: os.close(descriptor))
        assert (done.status, done.stdout, done.stderr) == (5, '', '')


class TestReports(Case):
    def record(self, *options, code='x = [bytes(5000) for i in range(9)]'):
        done = self.run_cli('run', *options, '--capture', 'c', '-o', 'out', '--', self.python.path, '-c', code)
        assert done.status == 0, done
        return self.path('c')

    def test_mappings_that_were_not_recorded(self):
        profile = json.loads(self.cli('report', '--format=json', self.record()).stdout)
        assert profile['mappings']['memory']['calls'] > 0
        os.unlink(self.path('c'))
        profile = json.loads(self.cli('report', '--format=json', self.record('--no-mappings')).stdout)
        assert profile['mappings'] is None

    def test_program_that_still_runs(self):
        with subprocess.Popen([self.cli.path, 'run', '--capture', 'c', '-o', 'out', '--', self.python.path, '-c',
                               'print(1, flush=True); input()'], cwd=self.folder, env=self.environment,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            running = self.cli('report', '--format=summary', self.path('c')).stdout
            process.communicate(b'\n')
        assert 'the program still runs: this report covers the events until now' in running
        assert 'did not end by itself' not in running

    def test_stacks_of_info(self):
        text = self.cli('info', self.record('--stack=native')).stdout
        assert 'all Python frames' not in text and 'as many native ones' in text

    def test_other_callers_hold_memory(self):
        """Stacks whose blocks are freed are not counted."""
        code = ('def make(): return bytearray(9000)\ndef a(): return make()\ndef b(): return make()\n'
                'def c(): return make()\nkeep = [a(), b()]\nc()\nimport os\nos._exit(0)')
        path = self.record('--stack=python', code=code)
        text = self.cli('report', '--format=summary', path).stdout
        assert re.search(r'this stack: \d+ bytes; 1 more with other callers', text), text

    def test_json_of_several_processes(self):
        """A document each, on a line of its own."""
        done = self.run_cli('run', '--format=json', '--', self.python.path, '-c', 'import os\nif os.fork(): os.wait()')
        documents = [json.loads(line) for line in done.stderr.splitlines() if not line.startswith('pymemflow: ')]
        assert len({each['process']['id'] for each in documents}) == 2


class TestGate(Case):
    def test_exit_code_of_the_program(self):
        done = self.run_cli('gate', '--max-leak=1GB', '--', self.python.path, '-c', 'import sys; sys.exit(3)')
        assert done.status == 3
        assert done.stderr.endswith('pymemflow: the program ended with exit code 3, which is that of the gate too\n')


class TestLimits(Case):
    def test_smallest_capture_limit(self):
        """A smaller one would record nothing."""
        for words in (['--capture-limit=128KiB'], ['--capture-limit=1'], ['--capture-limit=1MiB', '--ring=1MiB']):
            done = self.run_cli('run', *words, '--', self.python.path, '-c', '')
            runs.check_error(done, '--capture-limit (PYMEMFLOW_CAPTURE_LIMIT) is too small')
        for words in (['--format=summary'], ['--format=summary', '--stack=native'], ['--no-flow'], ['--ring=64KiB']):
            limit = '256KiB' if '--ring=64KiB' in words else '192KiB'
            done = self.run_cli('run', '--capture-limit', limit, *words, '--', self.python.path, '-c', '')
            assert int(re.search(r'(\d+) events recorded', done.stderr).group(1)) > 0, (words, done.stderr)


def test_overhead_takes_the_stack_of_the_environment(cli, trace, python):
    done = cli('overhead', '--rounds=1', '--modes=record', '--tools=none', '--', python.path, '-c', '',
               env=trace.environment(PYMEMFLOW_STACK='python'))
    assert 'record, stack=python' in done.stdout, done
