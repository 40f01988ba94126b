"""The words of a command line: flags, old spellings, mistyped words, help, version, and formats."""
import os
import re

import pytest

import cases
import runs
import tables

pytestmark = [pytest.mark.one_python, pytest.mark.known_python]
FORMATS = '|'.join(tables.formats())
COMMANDS = ('run', 'report', 'gate', 'diff', 'overhead', 'doctor', 'start', 'stop', 'info', 'compress', 'decompress', 'manual', 'completion',
            'help', 'version')
SUMMARY = re.compile(r'(?m)^process: +\d+$')
SECTION = 'byte distributions by engine caller:\n'


class Case(cases.Case):
    def run_python(self, *options):
        return self.cli('run', *options + ('--', self.python.path, '-c', ''))

    def capture(self, *options):
        """The capture of an empty script, recorded with these options."""
        path = self.path('capture' + ''.join(options))
        done = self.run_python('--capture', path, '--output', self.path('out'), *options)
        assert (done.status, done.stderr) == (0, ''), done
        return path


class TestMistyped(Case):
    @pytest.mark.parametrize('words, text', [
        (('rnu',), "'rnu' is not a command (did you mean 'run'?)"),
        (('frobnicate',), "'frobnicate' is not a command: run, report, "),
        (('run', '--no-folw', 'x'), "run: --no-folw is not an option (did you mean '--no-flow'?)"),
        (('gate', '--max-lea=1', 'x'), "--max-lea is not an option (did you mean '--max-leak'?)"),
        (('help', 'gats'), "'gats' is not a command (did you mean 'gate'?)"),
        (('--versoin',), "--versoin is not an option (did you mean '--version'?)"),
        (('-x',), '-x is not an option'),
        (('run', '-x', 'y'), 'run: -x is not an option'),
        (('report', '-x', 'y'), 'report: -x is not an option'),
        (('run', '--format'), 'run: --format needs a value: ' + FORMATS),
        (('gate', '--max-leak=', 'x'), 'gate: --max-leak needs a value: SIZE'),
        (('run', '--no-flow=0', 'x'), 'run: --no-flow takes no value'),
        (('report', '--format=json', '--format', 'flow', 'x'), 'report: --format is given more than once'),
        (('gate', 'x', '--max-leak=1'), 'gate: no limit is given: --max-leak SIZE'),
        (('report', 'x', 'y'), "report: 'y' is one argument too many"),
        (('run', ''), 'run: PROGRAM is empty'),
        (('gate', '--max-leak=1', '--', ''), 'gate: PROGRAM is empty'),
        ((), 'no command given: run, report, '),
    ])
    def test_is_said(self, words, text):
        runs.check_error(self.cli(*words), text, 'see pymemflow help')

    @pytest.mark.parametrize('words, text', [
        (('run', '--format=sumary', 'x'), "--format=sumary is not one of " + FORMATS + " "
                                          "(did you mean 'summary'?)"),
        (('report', '--compat', 'dtrase', 'x'), "--compat=dtrase is not one of none|dtrace|dtrace-2020 "
                                                "(did you mean 'dtrace'?)"),
        (('completion', 'bsh'), "'bsh' is not one of bash, zsh, fish (did you mean 'bash'?)"),
        (('help', ''), 'COMMAND is empty'),
        (('info', ''), 'CAPTURE is empty'),
    ])
    def test_values(self, words, text):
        runs.check_error(self.cli(*words), text)

    def test_a_program_may_begin_with_a_dash(self):
        runs.check_error(self.cli('run', '--', '-x'), '-x: No such file or directory')
        done = self.cli('run', '--output', self.path('out'), '-c', 'print(1)')
        assert (done.status, done.stdout) == (0, '1\n')

    def test_nothing_near(self):
        assert 'did you mean' not in self.cli('run', '--xyzzy', 'x').stderr


class TestHelp(Case):
    def test_commands(self):
        done = self.cli('help')
        assert (done.status, done.stderr) == (0, '')
        assert done.stdout == self.cli('--help').stdout
        assert tuple(re.findall(r'(?m)^  ([a-z]+) ', done.stdout)) == COMMANDS

    def test_of_one_command(self):
        for command in COMMANDS:
            done = self.cli('help', command)
            assert (done.status, done.stderr) == (0, '')
            assert done.stdout == self.cli(command, '--help').stdout
            assert 'Usage: pymemflow %s ' % command in done.stdout

    def test_of_the_program_is_the_programs(self):
        done = self.cli('run', '--output', self.path('out'), '--', self.python.path, '-c',
                        'import sys; print(sys.argv[1:])', '--help')
        assert (done.status, done.stdout, done.stderr) == (0, "['--help']\n", '')

    def test_version(self):
        done = self.cli('version')
        assert (done.status, done.stderr) == (0, '')
        assert re.match(r'pymemflow \d+\.\d+\.\d+\n\Z', done.stdout)
        assert self.cli('--version').stdout == done.stdout


class TestStandardOutput(Case):
    """A command that cannot print its answer does not end with 0."""

    @staticmethod
    def full():
        os.dup2(os.open('/dev/full', os.O_WRONLY), 1)

    @pytest.mark.parametrize('words', [
        ('--help',), ('--version',), ('help', 'run'), ('run', '-h'), ('version',), ('manual',),
        ('completion', 'bash'), ('info', 'CAPTURE'), ('diff', 'CAPTURE', 'CAPTURE'), ('report', 'CAPTURE')])
    def test_of_no_use(self, words):
        if 'CAPTURE' in words:
            capture = self.capture()
            words = [capture if word == 'CAPTURE' else word for word in words]
        runs.check_error(self.cli(*words, preexec_fn=lambda: os.close(1)), 'standard output: ')
        runs.check_error(self.cli(*words, preexec_fn=self.full), 'standard output: ')

    def test_of_the_program_is_the_programs(self):
        code = 'import os; os.write(2, b"done")'
        done = self.cli('run', '--output', self.path('out'), '--', self.python.path, '-c', code,
                        preexec_fn=lambda: os.close(1))
        assert (done.status, done.stderr) == (0, 'done')


class TestOldSpellings(Case):
    """They are accepted, with one line that names the new spelling."""

    def check(self, done, old, advice):
        notice, newline, rest = done.stderr.partition('\n')
        assert notice == ('pymemflow: %s is an old spelling that the next version will refuse: %s'
                          % (old, advice)), done
        return done.stdout + rest

    def test_flow(self):
        for words in (('--flow', '0'), ('--flow=0',), ('--flow=off',)):
            done = self.run_python(*words)
            report = self.check(done, ' '.join(words), 'use --no-flow')
            assert done.status == 0
            assert 'there are no events, only their sums' in report
        for words in (('--flow',), ('--flow', '1'), ('--flow=yes',)):
            done = self.run_python(*words)
            report = self.check(done, ' '.join(words), 'leave it out, it is the default')
            assert 'malloc(' in report

    def test_flow_of_a_report(self):
        capture = self.capture()
        report = self.check(self.cli('report', '--flow=0', capture), '--flow=0',
                            'use --format=distributions')
        assert report == self.cli('report', '--format=distributions', capture).stdout

    def test_summary(self):
        for words in (('--summary',), ('--summary=1',), ('--summary', '1')):
            report = self.check(self.run_python(*words), ' '.join(words), 'use --format=summary')
            assert SUMMARY.search(report)
        report = self.check(self.run_python('--summary=0'), '--summary=0',
                            'leave it out, it is the default')
        assert not SUMMARY.search(report)

    def test_switches(self):
        capture = self.capture()
        for name in ('--full-file-path', '--python-call-stack'):
            new = self.cli('report', name, capture)
            assert (new.status, new.stderr) == (0, '')
            for words in ((name + '=1',), (name, '1'), (name, 'yes')):
                done = self.cli('report', *words + (capture,))
                assert self.check(done, ' '.join(words), 'use ' + name) == new.stdout
            done = self.cli('report', name + '=0', capture)
            report = self.check(done, name + '=0', 'leave it out, it is the default')
            assert report == self.cli('report', capture).stdout

    def test_bad_value(self):
        for option in ('--flow=maybe', '--summary=2', '--full-file-path='):
            runs.check_error(self.cli('run', option, 'x'), option, 'neither on')

    def test_a_program_may_have_their_names(self):
        done = self.cli('run', '--output', self.path('out'), '--', self.python.path, '-c',
                        'import sys; print(sys.argv[1:])', '--flow', '0', '--summary')
        assert (done.stdout, done.stderr) == ("['--flow', '0', '--summary']\n", '')


class TestFormats(Case):
    def test_distributions_of_whatever_was_kept(self):
        for options in ((), ('--no-flow',), ('--ring=64KiB',)):
            done = self.cli('report', '--format=distributions', self.capture(*options))
            assert (done.status, done.stderr) == (0, '')
            assert SECTION in done.stdout.partition('\n')[0] + '\n'
            assert 'dtrace:::' not in done.stdout

    def test_distributions_are_those_of_the_flow(self):
        capture = self.capture()
        alone = self.cli('report', '--format=distributions', capture).stdout
        assert self.cli('report', capture).stdout.endswith(alone)

    @pytest.mark.parametrize('kept', ['--no-flow', '--ring=64KiB'])
    def test_summary_needs_every_event(self, kept):
        runs.check_error(self.run_python('--format=summary', kept), 'format summary needs every event',
                         kept.partition('=')[0])
        runs.check_error(self.cli('report', '--format', 'summary', self.capture(kept)),
                         'live memory cannot be known')

    def test_the_library_says_the_same(self):
        command = self.run_python('--format=summary', '--no-flow')
        for variables in ({'PYMEMFLOW_SUMMARY': '1'}, {'PYMEMFLOW_FORMAT': 'summary'}):
            run = self.trace.code('print("out")', PYMEMFLOW_FLOW='0', output=None, **variables)
            assert (run.status, run.stdout) == (0, 'out\n')
            assert run.stderr == command.stderr[:-1] + '; this program runs untraced\n'

    def test_summary_by_its_alias(self):
        run = self.trace.code('', output=None, PYMEMFLOW_SUMMARY='1')
        assert SUMMARY.search(run.stderr)
        run = self.trace.code('', output=None, PYMEMFLOW_SUMMARY='1', PYMEMFLOW_FORMAT='flow')
        assert run.stderr.startswith('dtrace:::BEGIN\n')

    def test_unknown(self):
        runs.check_error(self.run_python('--format=xml'), '--format=xml is not one of ' + FORMATS)
        run = self.trace.code('', output=None, PYMEMFLOW_FORMAT='xml')
        runs.check_one_line(run, 'format xml is not one of ' + FORMATS, 'runs untraced')


class TestReportThatCannotBeWritten(Case):
    """One line says so, before the program starts if that can be known. The program keeps its exit
    code, and the record is kept."""

    def run_code(self, code, *options):
        environment = dict(self.environment, TMPDIR=self.folder)
        return self.cli('run', *options, '--', self.python.path, '-c', code, env=environment)

    def kept(self, done):
        path = done.stderr.rpartition(' the record is kept in ')[2][:-1]
        if os.path.isdir(path):
            name, = [name for name in os.listdir(path) if name.startswith('capture.')]
            path = os.path.join(path, name)
        return self.cli.report(path)

    @pytest.mark.parametrize('name, reason', [('missing/report', 'No such file or directory'),
                                              ('', 'Is a directory')])
    def test_folder(self, name, reason):
        output = self.path(name)
        done = self.run_code('import sys; sys.stderr.write("hello\\n"); sys.exit(3)', '--output', output)
        assert done.status == 3
        line, newline, rest = done.stderr.partition('\n')
        assert line.startswith('pymemflow: cannot write the report to %s: %s; unless that changes before '
                               'the program ends, the record is kept in %s/' % (output, reason, self.folder))
        assert rest == 'hello\n'
        done = done._replace(stderr=line + newline)
        assert self.kept(done).recorded > 100

    def test_program_makes_the_folder(self):
        done = self.run_code('import os; os.mkdir(%r)' % self.path('new'), '--output', self.path('new/report'))
        assert 'unless that changes' in done.stderr
        assert os.listdir(self.folder) == ['new']
        assert self.read('new/report').startswith('dtrace:::BEGIN\n')

    def test_captures_that_the_user_asked_for(self):
        capture = self.path('capture')
        done = self.run_code('', '--output', self.path('missing/report'), '--capture', capture)
        assert done.stderr.endswith(' the record is kept in %s\n' % capture)
        assert os.listdir(self.folder) == ['capture']

    def test_full_device(self):
        done = self.run_code('import sys; sys.exit(3)', '--output', '/dev/full')
        assert done.status == 3
        runs.check_one_line(done, 'cannot write the report to /dev/full: No space left on device; '
                                  'the record is kept in %s/' % self.folder)
        assert self.kept(done).recorded > 100


class TestRecording(Case):
    def test_every_option_of_it_reaches_the_program(self):
        options = ('--capture-limit=1GB', '--ring=1MiB', '--attribution=probe', '--python-call-stack',
                   '--full-file-path')
        if not self.python.can_be_probed:
            pytest.skip('this Python cannot be probed')
        path = self.capture(*options)
        said, = re.findall(r'(?m)^options +(.*)$', self.cli('info', path).stdout)
        assert sorted(said.split()) == ['PYMEMFLOW_ATTRIBUTION=probe', 'PYMEMFLOW_CAPTURE=' + path,
                                        'PYMEMFLOW_CAPTURE_LIMIT=1000000000',
                                        'PYMEMFLOW_PYTHON_CALL_STACK=1', 'PYMEMFLOW_RING=1048576']
