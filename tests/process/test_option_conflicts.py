"""Options that contradict each other: the command ends with 2 and one line, and the library says the
same and runs the program untraced. No option silently overrides another."""
import os

import pytest

import cases
import runs

pytestmark = [pytest.mark.one_python, pytest.mark.known_python]
# Words of the command line, the same as variables, and a part of the sentence.
CONFLICTS = [
    (['--no-flow', '--ring=64KiB'], {'FLOW': '0', 'RING': '64KiB'},
     '--no-flow (PYMEMFLOW_FLOW=0) keeps sums and no events, but --ring (PYMEMFLOW_RING)'),
    (['--compat=dtrace', '--attribution=frame'], {'COMPAT': 'dtrace', 'ATTRIBUTION': 'frame'},
     '--compat (PYMEMFLOW_COMPAT) needs --attribution probe'),
    (['--compat=dtrace', '--format=summary'], {'COMPAT': 'dtrace', 'FORMAT': 'summary'},
     '--compat (PYMEMFLOW_COMPAT) prints what the DTrace script prints'),
    (['--compat=dtrace-2020', '--format=json'], {'COMPAT': 'dtrace-2020', 'FORMAT': 'json'},
     '--compat (PYMEMFLOW_COMPAT) prints what the DTrace script prints'),
    (['--python-call-stack', '--format=distributions'],
     {'PYTHON_CALL_STACK': '1', 'FORMAT': 'distributions'},
     '--python-call-stack (PYMEMFLOW_PYTHON_CALL_STACK) adds lines to --format flow'),
    (['--python-call-stack', '--format=summary'], {'PYTHON_CALL_STACK': '1', 'SUMMARY': '1'},
     '--python-call-stack (PYMEMFLOW_PYTHON_CALL_STACK) adds lines to --format flow'),
    (['--python-call-stack', '--no-flow'], {'PYTHON_CALL_STACK': '1', 'FLOW': '0'},
     '--python-call-stack (PYMEMFLOW_PYTHON_CALL_STACK) prints calls and returns, but --no-flow'),
    (['--stack=native', '--no-flow'], {'STACK': 'native', 'FLOW': '0'},
     '--stack (PYMEMFLOW_STACK) records callers, but a report of sums'),
    (['--stack=python', '--ring=64KiB'], {'STACK': 'python', 'RING': '64KiB'},
     '--stack (PYMEMFLOW_STACK) records callers, but a report of sums'),
    (['--stack=top', '--format=tree'], {'STACK': 'top', 'FORMAT': 'tree'},
     '--stack top (PYMEMFLOW_STACK=top) records the running line alone, but a format of'),
    (['--stack=top', '--format=summary', '--by=stack'], {'STACK': 'top', 'FORMAT': 'summary', 'BY': 'stack'},
     '--stack top (PYMEMFLOW_STACK=top) records the running line alone, but a format of'),
    (['--attribution=probe', '--format=folded'], {'ATTRIBUTION': 'probe', 'FORMAT': 'folded'},
     '--attribution probe (PYMEMFLOW_ATTRIBUTION=probe) sees no callers'),
    (['--stack=native', '--attribution=probe'], {'STACK': 'native', 'ATTRIBUTION': 'probe'},
     '--stack (PYMEMFLOW_STACK) records the running frames'),
    (['--max-stack=5'], {'MAX_STACK': '5'}, '--max-stack (PYMEMFLOW_MAX_STACK) limits whole stacks'),
    (['--depth=2', '--format=folded'], {'DEPTH': '2', 'FORMAT': 'folded'}, '--depth (PYMEMFLOW_DEPTH) is for'),
    (['--depth=2', '--format=json'], {'DEPTH': '2', 'FORMAT': 'json'},
     '--depth (PYMEMFLOW_DEPTH) tells the stacks of --format json apart'),
    (['--depth=2', '--full-stacks', '--format=summary'], {'DEPTH': '2', 'FULL_STACKS': '1', 'FORMAT': 'summary'},
     '--full-stacks (PYMEMFLOW_FULL_STACKS) prints all callers, but --depth'),
    (['--metric=peak', '--format=flow'], {'METRIC': 'peak', 'FORMAT': 'flow'},
     '--metric (PYMEMFLOW_METRIC) is for a format of a profile such as summary or tree'),
    (['--at=peak', '--format=distributions'], {'AT': 'peak', 'FORMAT': 'distributions'},
     '--at (PYMEMFLOW_AT) shows what was live at a moment, but the format that is chosen shows calls'),
    (['--at=peak', '--to=a', '--format=json'], {'AT': 'peak', 'TO': 'a', 'FORMAT': 'json'},
     '--at (PYMEMFLOW_AT) is one moment, but --from (PYMEMFLOW_FROM) or --to'),
    (['--at=a', '--metric=peak', '--format=json'], {'AT': 'a', 'METRIC': 'peak', 'FORMAT': 'json'},
     '--metric peak (PYMEMFLOW_METRIC=peak) is what was live at the high-water mark, but --at'),
    (['--from=a', '--metric=mapped', '--format=json'], {'FROM': 'a', 'METRIC': 'mapped', 'FORMAT': 'json'},
     '--metric mapped (PYMEMFLOW_METRIC=mapped) is what is mapped at one moment, but --from'),
    (['--metric=mapped', '--no-mappings', '--format=json'], {'METRIC': 'mapped', 'MAPPINGS': '0', 'FORMAT': 'json'},
     '--metric mapped (PYMEMFLOW_METRIC=mapped) shows calls of mmap(), but --no-mappings'),
    (['--from=a', '--compat=dtrace'], {'FROM': 'a', 'COMPAT': 'dtrace'},
     '--compat (PYMEMFLOW_COMPAT) prints all that the DTrace script prints, but --from'),
    (['--to=a', '--no-flow'], {'TO': 'a', 'FLOW': '0'},
     '--from, --to (PYMEMFLOW_FROM, PYMEMFLOW_TO) select events, but --no-flow'),
    (['--only=a', '--compat=dtrace'], {'ONLY': 'a', 'COMPAT': 'dtrace'},
     '--compat (PYMEMFLOW_COMPAT) prints all that the DTrace script prints, but --only'),
    (['--min-size=1', '--no-flow'], {'MIN_SIZE': '1', 'FLOW': '0'},
     '--thread and --min-size (PYMEMFLOW_THREAD, PYMEMFLOW_MIN_SIZE) select events, but --no-flow'),
    (['--leaked', '--ring=64KiB'], {'LEAKED': '1', 'RING': '64KiB'},
     '--leaked (PYMEMFLOW_LEAKED) needs every event'),
    (['--leaked', '--metric=total', '--format=json'], {'LEAKED': '1', 'METRIC': 'total', 'FORMAT': 'json'},
     '--leaked (PYMEMFLOW_LEAKED) is --metric leaked, but another metric is given'),
    (['--thread=1', '--metric=mapped', '--format=json'], {'THREAD': '1', 'METRIC': 'mapped', 'FORMAT': 'json'},
     '--metric mapped (PYMEMFLOW_METRIC=mapped) counts mappings, but --thread and --min-size'),
    (['--inverted', '--format=summary'], {'INVERTED': '1', 'FORMAT': 'summary'},
     '--inverted (PYMEMFLOW_INVERTED) is for --format tree and folded'),
    (['--thread=1,a'], {'THREAD': '1,a'}, "thread 1,a is not a list of the kernel's ids of threads"),
    (['--only=' + ','.join('a' * 65)], {'ONLY': ','.join('a' * 65)}, 'has more than 64 patterns'),
    (['--capture=-'], {'CAPTURE': '-'}, '--capture - (PYMEMFLOW_CAPTURE) is standard output'),
    (['--capture=same', '--output=same'], {'CAPTURE': 'same', 'OUTPUT': 'same'},
     '--capture (PYMEMFLOW_CAPTURE) names the same file as --output (PYMEMFLOW_OUTPUT)'),
]


class TestConflicts(cases.Case):
    @pytest.mark.parametrize('words, variables, text', CONFLICTS, ids=lambda value: str(value)[:40])
    def test_is_said(self, words, variables, text):
        done = self.cli('run', *words, '--', self.python.path, '-c', 'print("out")', cwd=self.folder)
        runs.check_error(done, text)
        assert os.listdir(self.folder) == []
        run = self.trace.code('print("out")', output=None, cwd=self.folder,
                              **{'PYMEMFLOW_' + name: value for name, value in variables.items()})
        assert (run.status, run.stdout) == (0, 'out\n')
        assert run.stderr == done.stderr[:-1] + '; this program runs untraced\n'
        assert os.listdir(self.folder) == []

    def test_all_callers_of_a_format_that_has_none(self):
        """In a traced program the variable is for LeakError."""
        for name in ('flow', 'distributions'):
            done = self.cli('run', '--full-stacks', '--format', name, '--', self.python.path, '-c', '')
            runs.check_error(done, '--full-stacks (PYMEMFLOW_FULL_STACKS) prints all callers, but the format')
        run = self.trace.code('', output=None, PYMEMFLOW_FULL_STACKS='1')
        assert (run.status, run.stderr[:6]) == (0, 'dtrace')

    def test_gate_refuses_what_it_would_record_in_vain(self):
        for words, text in ((['--stack=native', '--attribution=probe'], '--stack (PYMEMFLOW_STACK) records'),
                            (['--stack=top', '--max-stack=5'], '--max-stack (PYMEMFLOW_MAX_STACK) limits'),
                            (['--capture=-'], '--capture - (PYMEMFLOW_CAPTURE)')):
            done = self.cli('gate', '--max-leak=1GB', *words, '--', self.python.path, '-c', 'print("out")')
            runs.check_error(done, text)

    def test_gate_with_probes_records_no_stacks(self):
        done = self.cli('gate', '--max-leak=1GB', '--attribution=probe', '--', self.python.path, '-c', 'print("out")')
        assert (done.status, done.stdout) == (0, 'out\n'), done.stderr

    def test_command_line_and_environment_contradict_each_other_too(self):
        environment = dict(self.environment, PYMEMFLOW_RING='64KiB')
        done = self.cli('run', '--no-flow', '--', self.python.path, '-c', '', env=environment)
        runs.check_error(done, CONFLICTS[0][2])

    def test_the_same_meaning_twice_is_no_conflict(self):
        for words in (['--compat=dtrace', '--attribution=probe'], ['--compat=none', '--attribution=frame'],
                      ['--compat=dtrace', '--format=distributions'], ['--ring=0', '--no-flow'],
                      ['--python-call-stack', '--format=flow']):
            if 'probe' in words[1] and not self.python.can_be_probed:
                continue
            done = self.cli('run', '--output', self.path('out'), *words, '--', self.python.path, '-c', '')
            assert (done.status, done.stderr) == (0, ''), words

    def test_report(self):
        capture = self.path('capture')
        self.cli('run', '--capture', capture, '--output', self.path('out'), '--', self.python.path, '-c', '')
        for words in (['--compat=dtrace', '--format=summary'],
                      ['--python-call-stack', '--format=distributions']):
            runs.check_error(self.cli('report', *words, capture), 'leave')


class TestGate(cases.Case):
    def test_environment_that_keeps_less_is_said(self):
        for name, value in (('PYMEMFLOW_FLOW', '0'), ('PYMEMFLOW_RING', '64KiB')):
            done = self.cli('gate', '--max-leak=1GiB', '--', self.python.path, '-c', '',
                            env=dict(self.environment, **{name: value}))
            assert done.status == 0, done
            assert ('pymemflow: a gate needs every event: PYMEMFLOW_FLOW and PYMEMFLOW_RING are ignored\n'
                    in done.stderr)

    def test_one_file_for_two_outputs(self):
        out = self.path('out')
        self.write('link', '')
        os.link(self.path('link'), out)
        for words in (['--json', out, '--junit', out], ['--json', '-', '--junit', '-'],
                      ['--json', '-', '--markdown', '/dev/stdout'], ['--junit', out, '--markdown',
                                                                    self.path('link')]):
            done = self.cli('gate', '--max-leak=1', *words, '--', self.python.path, '-c', 'print(1)')
            runs.check_error(done, 'write to the same output')
        done = self.cli('gate', '--max-leak=1', '--github', '--json', '-', '--', self.python.path, '-c', '')
        runs.check_error(done, '--json and --github write to the same output: -')

    def test_options_of_a_program_with_a_capture(self):
        capture = self.path('capture')
        self.cli('run', '--capture', capture, '--output', self.path('out'), '--', self.python.path, '-c', '')
        environment = dict(self.environment, PYMEMFLOW_CAPTURE=self.path('other'), PYMEMFLOW_START='manual')
        assert self.cli('gate', '--max-leak=1GiB', capture, env=environment).status == 0
        for words in (['--capture', self.path('other')], ['--capture-limit=1GB'], ['--start=manual'],
                      ['--attribution=probe'], ['--no-children']):
            runs.check_error(self.cli('gate', '--max-leak=1GiB', *words, capture),
                             words[0].partition('=')[0] + ' is for a program to run')

    def test_options_without_effect(self):
        python = ['--', self.python.path, '-c', 'print(1)']
        runs.check_error(self.cli('gate', '--max-leak=1', '--tolerance=5%', *python),
                         '--tolerance needs --baseline FILE')
        runs.check_error(self.cli('gate', '--baseline', self.path('b'), '--update-baseline', '--json',
                                  self.path('j'), *python),
                         '--update-baseline makes no verdict: leave --json out')
        assert os.listdir(self.folder) == []


class TestReporter(cases.Case):
    """The reporter gets the options without the file of the record, and finds no contradiction in them."""

    @pytest.mark.parametrize('kept', [{'PYMEMFLOW_FLOW': '0'}, {'PYMEMFLOW_RING': '64KiB'}])
    def test_callers_in_a_kept_record_of_sums_or_of_a_ring(self, kept):
        run = self.trace(self.write('program.py', 'kept = [bytearray(5000) for _ in range(9)]\n'), output='output.%p',
                         PYMEMFLOW_STACK='python', PYMEMFLOW_CAPTURE=self.path('capture'), **kept)
        assert (run.status, run.stderr) == (0, '')
        assert len(run.texts['output.%d' % run.pid]) > 1000
        assert os.path.getsize(self.path('capture')) > 0
