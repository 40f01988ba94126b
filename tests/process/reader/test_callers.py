"""The callers of allocation sites in the outputs of the command, for captures that are made by hand; and
the columns of flow lines."""
import json
import re

import pytest

import cases
import heads
import made_capture as made
import runs

pytestmark = [pytest.mark.one_python, pytest.mark.known_python]
LEAK, HANDLE, MAIN, LIBRARY = 1, 2, 3, 4
DEEP = 12
NAMES = (made.site(LEAK, '/srv/app/leak.py', 17, 'make') + made.site(HANDLE, '/srv/app/leak.py', 21, 'handle') +
         made.site(MAIN, '/srv/app/main.py', 3, '<module>') +
         made.site(LIBRARY, '/usr/lib/python3.11/site-packages/pkg/io.py', 30, 'load'))
# main -> load, 12 times -> handle -> make; and main -> make.
STACKS = (made.stack(16, 0, MAIN) +
          b''.join(made.stack(17 + i, 16 + i, LIBRARY) for i in range(DEEP)) +
          made.stack(40, 16 + DEEP, HANDLE) + made.stack(41, 40, LEAK) + made.stack(42, 16, LEAK))
MARK = made.mark('a')
FIRST, SECOND = made.used_stack(41), made.used_stack(42)


def events(bytes_deep, bytes_flat, rounds):
    return FIRST + SECOND + MARK + b''.join(
        made.malloc(0x100000 * i + 0x1000, 1, bytes_deep) + made.malloc(0x100000 * i + 0x20000, 2, bytes_flat) + MARK
        for i in range(rounds))


SHORT = ['by leak.py:21 handle', 'by io.py:30 load', 'by io.py:30 load', 'by io.py:30 load', 'by main.py:3 <module>']


def lines_below(text, row):
    """The words of the lines that follow the row up to the next one, with base names alone."""
    found = []
    for line in text[text.index(row) + len(row):].splitlines()[1:]:
        if not line.startswith(20 * ' ') or 'suppress:' in line:
            break
        found.append(re.sub(r'\S*/', '', line.strip()))
    return found


class Case(cases.Case):
    def make(self, name, bytes_deep=10000, bytes_flat=100, has_stacks=True, rounds=1):
        with open(self.path(name), 'wb') as file:
            definitions = NAMES + (STACKS if has_stacks else b'')
            happened = events(bytes_deep, bytes_flat, rounds)
            if not has_stacks:
                happened = MARK + made.malloc(0x1000, LEAK, bytes_deep) + MARK
            file.write(made.capture(definitions, happened, has_stacks))
        return self.path(name)


class TestGate(Case):
    def test_prints_five_callers(self):
        done = self.cli('gate', '--max-leak=1KiB', self.make('c'))
        assert done.status == 1, done.stderr
        assert '         10100         2           1  /srv/app/leak.py:17 make\n' in done.stderr
        assert lines_below(done.stderr, 'leak.py:17 make') == SHORT + [
            '9 more callers (--full-stacks)', 'this stack: 10000 bytes; 1 more with other callers']

    def test_prints_all(self):
        done = self.cli('gate', '--max-leak=1KiB', '--full-stacks', self.make('c'))
        assert done.status == 1
        found = lines_below(done.stderr, 'leak.py:17 make')
        assert found[:-1] == SHORT[:1] + DEEP * SHORT[1:2] + SHORT[-1:]

    def test_growth(self):
        done = self.cli('gate', '--max-growth=1KiB', self.make('c', rounds=4))
        assert done.status == 1
        assert '         10100         2    4 of 4  /srv/app/leak.py:17 make\n' in done.stderr
        assert lines_below(done.stderr, 'leak.py:17 make')[:5] == SHORT

    def test_outputs(self):
        done = self.cli('gate', '--max-leak=1KiB', '--max-growth=1KiB', '--json', self.path('json'), '--junit',
                        self.path('junit'), self.make('c', rounds=4))
        assert done.status == 1
        verdict = json.loads(self.read('json'))
        process, = verdict['processes']
        for leak in process['leaks'] + process['growth']['sites']:
            assert leak['stacks'] == 2
            assert leak['stack'][:2] == [{'file': '/srv/app/leak.py', 'line': 17, 'function': 'make'},
                                         {'file': '/srv/app/leak.py', 'line': 21, 'function': 'handle'}]
            assert len(leak['stack']) == DEEP + 3
        assert 'by /srv/app/leak.py:21 handle\n' in self.read('junit')

    def test_without_stacks(self):
        capture = self.make('c', has_stacks=False)
        done = self.cli('gate', '--max-leak=1KiB', capture)
        assert done.status == 1
        assert 'by leak' not in done.stderr and 'callers' not in done.stderr
        done = self.cli('gate', '--max-leak=1KiB', '--full-stacks', capture)
        assert done.status == 1
        assert '\n  the record has no callers: record it with --stack python (PYMEMFLOW_STACK=python)\n' in done.stderr


class TestDiff(Case):
    def test_callers_are_those_of_the_later_capture(self):
        old, new = self.make('old', 100, 5000), self.make('new', 10000, 5000)
        done = self.cli('diff', old, new)
        assert (done.status, done.stderr) == (0, '')
        assert lines_below(done.stdout, 'leak.py:make')[:5] == SHORT
        done = self.cli('diff', '--full-stacks', old, new)
        assert lines_below(done.stdout, 'leak.py:make')[1:-1] == DEEP * SHORT[1:2]
        done = self.cli('diff', '--json', '-', old, new)
        change, = json.loads(done.stdout)['sites']
        assert (change['stacks'], len(change['stack'])) == (2, DEEP + 3)

    def test_shows_the_stack_that_grew(self):
        old, new = self.make('old', 20000, 100), self.make('new', 20000, 9000)
        found = lines_below(self.cli('diff', old, new).stdout, 'leak.py:make')
        assert found == ['by main.py:3 <module>']
        found = lines_below(self.cli('diff', new, old).stdout, 'leak.py:make')
        assert found == ['by main.py:3 <module>']

    def test_without_stacks(self):
        old, new = self.make('old', has_stacks=False), self.make('new')
        done = self.cli('diff', old, new)
        assert done.status == 0
        runs.check_error(self.cli('diff', '--full-stacks', old, new), 'old: has no callers', '--stack python')


class TestReport(Case):
    def test_formats(self):
        capture = self.make('c')
        text = self.cli('report', '--format=folded', capture).stdout
        assert text == ('main.py:3 <module>;' + DEEP * 'io.py:30 load;' +
                        'leak.py:21 handle;leak.py:17 make 10000\nmain.py:3 <module>;leak.py:17 make 100\n')
        text = self.cli('report', '--format=folded', '--full-file-path', capture).stdout
        assert text.endswith('/srv/app/main.py:3 <module>;/srv/app/leak.py:17 make 100\n')
        text = self.cli('report', '--format=tree', capture).stdout
        assert '         10100  100.0%  - main.py:3 <module>\n         10000   99.0%    - io.py:30 load\n' in text
        text = self.cli('report', '--format=tree', '--metric=temporary', capture).stdout
        assert '\n               nothing: no call has any\n' in text
        text = self.cli('report', '--format=summary', '--by=stack', '--depth=1', capture).stdout
        assert '         10000         1           1  leak.py:17 make\n' in text
        assert lines_below(text, '10000         1           1  leak.py:17 make') == [
            'by leak.py:21 handle', '13 more callers']

    @pytest.mark.parametrize('words', [
        ['--format=tree'], ['--format=folded'], ['--format=summary', '--by=stack'],
        ['--format=json', '--by=stack', '--depth=2'], ['--format=summary', '--full-stacks']])
    def test_without_stacks(self, words):
        done = self.cli('report', *words, self.make('c', has_stacks=False))
        runs.check_error(done, 'has no callers: record it with --stack python (PYMEMFLOW_STACK=python)')

    def test_damaged_stacks(self):
        """A circle, and a stack that is not defined: nothing of them is printed, and both are counted."""
        bad = made.stack(50, 51, LEAK) + made.stack(51, 50, HANDLE)
        happened = made.used_stack(50) + made.malloc(0x1000, 1, 7) + FIRST + made.malloc(0x2000, 2, 8)
        with open(self.path('c'), 'wb') as file:
            file.write(made.capture(NAMES + STACKS + bad, happened))
        done = self.cli('report', '--format=summary', '--full-stacks', self.path('c'))
        assert 'alive at the end:  8 bytes in 1 blocks\n' in done.stdout
        assert 'pymemflow: 1 events recorded, 0 lost, damaged in 2 places, 1 left out\n' in done.stdout


class TestFlowColumns(Case):
    def test_are_in_front_of_the_line(self):
        self.trace('records.py', output=None, PYMEMFLOW_CAPTURE=self.path('c'))
        plain = self.cli('report', self.path('c')).stdout
        text = self.cli('report', '--flow-columns=time,event,thread', self.path('c')).stdout
        lines = [line for line in text.splitlines(True) if ' -> ' in line]
        found = [re.fullmatch(r' *(\d+\.\d{6}) +(\d+) +(\d+)/\S.{14} (.*\n)', line).groups() for line in lines]
        assert [line[3] for line in found] == [line for line in plain.splitlines(True) if ' -> ' in line]
        times = [float(line[0]) for line in found]
        numbers = [int(line[1]) for line in found]
        assert times == sorted(times) and numbers == sorted(set(numbers))
        assert 0 <= times[0] and times[-1] < 3600
        assert int(re.search(r'(\d+) events recorded', text).group(1)) >= numbers[-1]
        assert {line[2] for line in found} == {found[0][3].split()[0]}  # the main thread has the id of the process
        # All else is as it was.
        assert [line for line in text.splitlines() if ' -> ' not in line] == [
            line for line in plain.splitlines() if ' -> ' not in line]

    @pytest.mark.parametrize('value', ['threads', 'time,', ',', 'time,time', 'time thread'])
    def test_bad_lists(self, value):
        done = self.cli('run', '--flow-columns', value, '--', self.python.path, '-c', '')
        runs.check_error(done, 'is not a list of thread, time and event, separated by commas')


PROGRAM = '''
import ctypes
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)

def make(size):
    return libc.malloc(size)

def handle(size):
    return list(map(lambda _: make(size), range(3))) and make(size)

def recurse(depth, size):
    return recurse(depth - 1, size) if depth else make(size)

def main():
    handle(70001)
    recurse(8, 90001)

main()
'''


class TestRealProgram(Case):
    """The same with a program that is recorded with --stack python."""

    def record(self, program=PROGRAM, **options):
        self.write('leak.py', program)
        run = self.trace(self.path('leak.py'), output=None, PYMEMFLOW_STACK='python', PYMEMFLOW_CAPTURE=self.path('c'),
                         **options)
        assert (run.status, run.stderr) == (0, '')
        return self.path('c')

    def test_gate(self):
        done = self.cli('gate', '--max-leak=64KiB', '--only=make', self.record(), cwd=self.folder)
        assert done.status == 1
        callers = lines_below(done.stderr, 'leak.py:7 make')
        # Three stacks end at this line. The lambda makes the largest one. (From 3.12 on a comprehension has no frame.)
        assert [line for line in callers if line.startswith('by ') and '<lambda>' not in line] == [
            'by leak.py:10 handle', 'by leak.py:16 main', 'by leak.py:19 <module>']
        assert callers[-1] == 'this stack: 210003 bytes; 2 more with other callers'

    def test_by_stack(self):
        text = self.cli('report', '--format=summary', '--by=stack', self.record()).stdout
        assert lines_below(text, ' 210003         3 ')[-3:] == [
            'by leak.py:10 handle', 'by leak.py:16 main', 'by leak.py:19 <module>']
        assert lines_below(text, ' 90001         1 ') == 5 * ['by leak.py:13 recurse'] + ['6 more callers']
        text = self.cli('report', '--format=summary', '--full-stacks', '--by=stack', self.path('c')).stdout
        assert lines_below(text, ' 90001         1 ') == 9 * ['by leak.py:13 recurse'] + [
            'by leak.py:17 main', 'by leak.py:19 <module>']

    def test_sums_of_all_formats_agree(self):
        capture = self.record()
        profile = json.loads(self.cli('report', '--format=json', capture).stdout)
        for metric, total in [('live', profile['live']['bytes']), ('total', profile['allocated']['bytes']),
                              ('leaked', sum(site['leaked']['bytes'] for site in profile['sites'])),
                              ('temporary', profile['temporary'])]:
            folded = self.cli('report', '--format=folded', '--metric', metric, capture).stdout
            assert sum(int(line.rpartition(' ')[2]) for line in folded.splitlines()) == total, metric
            tree = self.cli('report', '--format=tree', '--metric', metric, capture).stdout
            assert re.match(r' *%d  100\.0%%  ' % total, tree), metric
            stacks = json.loads(self.cli('report', '--format=speedscope', '--metric', metric, capture).stdout)
            profile_of_metric, = stacks['profiles']
            assert (sum(profile_of_metric['weights']), profile_of_metric['endValue']) == (total, total), metric
        assert ';leak.py:16 main;leak.py:10 handle;leak.py:7 make 70001\n' in self.cli(
            'report', '--format=folded', capture).stdout

    def test_the_limit_of_frames_is_said(self):
        capture = self.record(PYMEMFLOW_MAX_STACK='3')
        assert 'at most 3 Python frames and as many native ones\n' in self.cli('info', capture).stdout
        text = self.cli('report', '--format=summary', '--by=stack', capture).stdout
        assert lines_below(text, ' 90001         1 ') == 2 * ['by leak.py:13 recurse'] + [
            'further callers are not in the capture (--max-stack)']
        folded = self.cli('report', '--format=folded', capture).stdout
        assert '[cut];leak.py:13 recurse;leak.py:13 recurse;leak.py:7 make 90001\n' in folded

    def test_run(self):
        self.write('leak.py', PROGRAM)
        done = self.cli('run', '--stack=top', '--format=folded', '--', self.python.path, self.path('leak.py'))
        runs.check_error(done, '--stack top (PYMEMFLOW_STACK=top) records the running line alone')
        done = self.cli('run', '--format=folded', '--stack=python', '--output', self.path('f'), '--', self.python.path,
                        self.path('leak.py'))
        assert (done.status, done.stdout, done.stderr) == (0, '', '')
        assert ';leak.py:7 make 90001\n' in self.read('f')

    @pytest.mark.parametrize('wanted', [{'FORMAT': 'tree'}, {'FORMAT': 'folded'},
                                        {'FORMAT': 'summary', 'BY': 'stack'}, {'FORMAT': 'summary', 'DEPTH': '9'},
                                        {'FORMAT': 'summary', 'FULL_STACKS': '1'}], ids=str)
    def test_stacks_are_recorded_where_the_report_needs_them(self, wanted):
        """Without --stack (PYMEMFLOW_STACK), by the library and by the command."""
        path = self.write('leak.py', PROGRAM)
        run = self.trace(path, output=None, PYMEMFLOW_OUTPUT=self.path('g'),
                         **{'PYMEMFLOW_' + name: value for name, value in wanted.items()})
        assert (run.status, run.stderr) == (0, '')
        words = ['--full-stacks' if name == 'FULL_STACKS' else '--%s=%s' % (name.lower(), value)
                 for name, value in wanted.items()]
        done = self.cli('run', *words, '-o', self.path('f'), '--', self.python.path, path)
        assert (done.status, done.stdout, done.stderr) == (0, '', '')
        for text in (self.read('g'), self.read('f')):
            assert re.search('leak.py:19 <module>', text)

    def test_gate_records_the_callers_that_it_shows(self):
        path = self.write('leak.py', PROGRAM)
        done = self.cli('gate', '--max-leak=64KiB', '--full-stacks', '--', self.python.path, path)
        assert done.status == 1 and 'has no callers' not in done.stderr and 'leak.py:19 <module>' in done.stderr

    def test_leak_error(self):
        program = heads.HEAD + PROGRAM.replace('main()\n', '', 1).replace('main()\n', '') + '''
@pymemflow.limit_leaks(1000)
def leaky():
    recurse(8, 90001)

error = raises(pymemflow.LeakError, leaky)
print(error)
site = error.growth.sites[0]
assert not [each for each in site.callers if each.file and '/pymemflow/_' in each.file], site.callers
print(len(site.callers), site.callers[0].name, site.callers[0].line)
'''
        for full in '0', '1':
            run = self.trace.code(program, PYMEMFLOW_STACK='python', PYMEMFLOW_FULL_STACKS=full)
            assert run.status == 0, run.stderr
            shown = [line.strip() for line in run.stdout.splitlines()]
            assert shown[1].startswith('90001 bytes in 1 block')
            assert re.fullmatch(r'by <string>:\d+ recurse', shown[2]), shown
            callers = int(shown[-1].split()[0])
            assert callers > 10 and shown[-1].split()[1:3] == shown[2].split()[1:3]
            assert ('%d more callers (PYMEMFLOW_FULL_STACKS=1)' % (callers - 5) in shown) == (full == '0'), shown
            assert sum(line.startswith('by ') for line in shown) == (5 if full == '0' else callers), shown
