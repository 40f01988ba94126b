"""The calls of Python's own allocators (--domains): one event per call, of the outermost function, under
every allocator that Python may have, and in every life of an interpreter."""
import json
import re

import pytest

import built
import cases
from pythons import library_of

pytestmark = pytest.mark.known_python
CALLS = 'domains/calls.py'
TRACED = 'domains/traced.py'
SITUATIONS = 'domains/situations.py'
ALLOCATORS = '', 'malloc', 'malloc_debug', 'pymalloc', 'pymalloc_debug', 'debug'
SIZES = {0, 1, 512, 513, 2000}
GROWTH = 13
DOMAINS = {'raw': 'PyMem_Raw', 'mem': 'PyMem_', 'obj': 'PyObject_'}
OF_C = {'malloc', 'calloc', 'realloc', 'free'}
BLOCKS = [2968 + i for i in range(1, 21)]


def domain_of(name):
    return next((domain for domain, prefix in DOMAINS.items()
                 if re.fullmatch(prefix + '(Malloc|Calloc|Realloc|Free)', name)), 'c')


def is_called(event):
    """Whether an event has the arguments of one of the calls that calls.py makes."""
    kind = event.name.replace('PyMem_Raw', '').replace('PyMem_', '').replace('PyObject_', '')
    return event.arguments[-1] in {'Malloc': SIZES, 'Realloc': {size + GROWTH for size in SIZES},
                                   'Calloc': {size + 2 * GROWTH for size in SIZES},
                                   'Free': ()}[kind]


class Case(cases.Case):
    def check_calls(self, run, report=None, others=()):
        report = report or run.report
        assert (run.status, run.stderr) == (0, ''), run.stderr[:1000]
        called = run.stdout.splitlines()
        assert len(called) == 3 * len(SIZES) * 5
        events = report.of('call')
        # Those of the C library are made inside of others.
        assert {domain_of(event.name) for event in events} - set(others) == set(DOMAINS)
        expected = iter(called)
        missing = next(expected)
        handed_out = None
        for event in events:
            if event.call == missing:
                handed_out = event.result or None
                missing = next(expected, None)
                continue
            # No call is there twice, or under another name: ctypes has other sizes.
            assert event.name in OF_C or 'Free' in event.name or not is_called(event), event
            assert 'Free' not in event.name or event.arguments[0] != handed_out, event
        assert missing is None, missing
        assert report.lost == 0
        return report


class TestCalls(Case):
    @pytest.mark.parametrize('allocator', ALLOCATORS)
    def test_are_one_event_each(self, allocator):
        report = self.check_calls(self.trace(CALLS, PYMEMFLOW_DOMAINS='all', PYTHONMALLOC=allocator))
        for prefix in DOMAINS.values():
            assert (prefix + 'Malloc', 'python') in report.sections
            assert (prefix + 'Calloc', 'python') in report.sections

    def test_in_development_mode(self):
        words = [self.python.path, '-X', 'dev', '-W', 'ignore', '-S', built.victim(CALLS)]
        self.check_calls(self.trace.program(words, PYMEMFLOW_DOMAINS='all', PYTHONMALLOC=''))

    @pytest.mark.parametrize('frames', (1, 25))
    def test_beside_tracemalloc(self, frames):
        words = [self.python.path, '-X', 'tracemalloc=%d' % frames, built.victim(CALLS)]
        # Its own tables come from malloc().
        self.check_calls(self.trace.program(words, PYMEMFLOW_DOMAINS='raw,mem,obj'), others='c')

    @pytest.mark.parametrize('domains', ('raw', 'mem,obj', 'none', 'auto'))
    def test_of_other_domains_are_calls_of_the_c_library(self, domains):
        run = self.trace(CALLS, PYMEMFLOW_DOMAINS=domains, PYTHONMALLOC='malloc')
        assert (run.status, run.stderr) == (0, '')
        of_c = set(DOMAINS) - set(domains.split(','))
        for line in run.stdout.splitlines():
            call = re.match(r'(\w+)\(', line).group(1)
            if domain_of(call) in of_c:
                line = line.replace(call, re.sub(r'PyMem_Raw|PyMem_|PyObject_', '', call).lower())
                line = re.sub(r'(\(|, )0\)', r'\g<1>1)', line)  # Python asks for 1 byte then
            assert line in [event.call for event in run.report.of('call')], line
        assert {domain_of(event.name) for event in run.report.events} <= {'c', *domains.split(',')}

    def test_with_stacks(self):
        for stack in ('python', 'native'):
            capture = self.path(stack)
            run = self.trace(CALLS, PYMEMFLOW_DOMAINS='all', PYMEMFLOW_STACK=stack,
                             PYMEMFLOW_CAPTURE=capture, output=None)
            assert run.status == 0, run.stderr
            self.check_calls(run, self.cli.report(capture))

    def test_in_a_ring_and_compressed(self):
        capture = self.path('ring')
        run = self.trace(CALLS, PYMEMFLOW_DOMAINS='all', PYMEMFLOW_RING='64MiB',
                         PYMEMFLOW_CAPTURE=capture, output=None)
        report = self.check_calls(run, self.cli.report(capture))
        done = self.cli('compress', capture, '--output', self.path('small'))
        assert (done.status, done.stderr) == (0, ''), done
        assert self.cli.report(self.path('small')).lines == report.lines

    def test_in_sums(self):
        """The distributions are those of all events."""
        whole = self.trace(CALLS, PYMEMFLOW_DOMAINS='all')
        sums = self.trace(CALLS, PYMEMFLOW_DOMAINS='all', PYMEMFLOW_FLOW='0')
        for domain in DOMAINS.values():
            for kind in 'Malloc', 'Calloc', 'Realloc':
                key = ('calls.py', 'call')
                counts = [run.report.counts(domain + kind)[key] for run in (whole, sums)]
                assert counts[0] == counts[1] > 0, (domain, kind)


class TestCommandLine(Case):
    @pytest.mark.parametrize('domains, seen', [('obj', {'obj'}), ('mem,obj', {'mem', 'obj'}), ('none', set())])
    def test_takes_a_list(self, domains, seen):
        done = self.cli('run', '--domains', domains, '--', self.python.path, '-c', 'pass', env=self.environment)
        assert done.status == 0, done.stderr
        called = set(re.findall(r'-> .* (Py\w+)\(', done.stderr))
        assert {domain_of(name) for name in called} == seen


class TestSituations(Case):
    def sizes(self, run, times, **where):
        assert (run.status, run.stderr) == (0, ''), run.stderr[:1000]
        events = [event for event in run.report.events if event.name == 'PyObject_Calloc' and
                  event.arguments[1] - 33 in BLOCKS]
        assert sorted(event.arguments[1] - 33 for event in events) == sorted(BLOCKS * times)
        # Neither is there an event of what the allocator calls for them.
        assert not [event for event in run.report.events if event.name in OF_C and
                    event.function in ('allocate', '<listcomp>') and event.line == events[0].line]
        frees = [event for event in run.report.events if event.name == 'PyObject_Free']
        for event in events:
            assert any(free.arguments[0] == event.result for free in frees)
        assert run.report.lost == 0
        return events

    @pytest.mark.parametrize('situation, times', [
        ('alone', 1), ('threads', 12), ('paused', 2), ('out_of_memory', 1)])
    def test(self, situation, times):
        if situation == 'out_of_memory':
            self.trace.require('_testcapi')
        run = self.trace(SITUATIONS, situation, PYMEMFLOW_DOMAINS='all')
        events = self.sizes(run, times)
        assert len({event.line for event in events}) == 1

    def test_subinterpreters(self):
        self.trace.require('_testcapi')
        run = self.trace(SITUATIONS, 'subinterpreters', PYMEMFLOW_DOMAINS='all')
        assert (run.status, run.stderr) == (0, ''), run.stderr[:1000]
        sizes = [event.arguments[1] - 33 for event in run.report.events
                 if event.name == 'PyObject_Calloc' and event.arguments[1] - 33 in BLOCKS]
        assert sorted(sizes) == sorted(BLOCKS * 3)

    def test_forked(self):
        run = self.trace(SITUATIONS, 'forked', PYMEMFLOW_DOMAINS='all')
        assert (run.status, run.stderr) == (0, '')
        text, = [text for name, text in run.texts.items() if name != 'report.%d' % run.pid]
        calls = re.findall(r'-> (?:allocate|<listcomp>) (\w+)\(1, (\d+)\) pntr', text)
        assert [int(size) - 33 for name, size in calls
                if name == 'PyObject_Calloc' and int(size) - 33 in BLOCKS] == BLOCKS
        assert not OF_C & {name for name, _ in calls}

    def test_mappings_are_seen_below(self):
        """The arenas of pymalloc are mapped inside of a call."""
        script = self.write('program.py', 'kept = [object() for i in range(200000)]\n')
        arenas = []
        for domains in ('none', 'all'):
            run = self.trace.program([self.python.path, script], output='output.%p',
                                     PYMEMFLOW_DOMAINS=domains, PYMEMFLOW_FORMAT='json',
                                     PYTHONMALLOC='pymalloc', PYTHONHASHSEED='0')
            assert (run.status, run.stderr) == (0, '')
            profile = json.loads(run.texts['output.%d' % run.pid])
            arenas.append(profile['mappings']['arenas']['mapped_bytes'])
        assert arenas[0] == arenas[1] >= 1 << 20


def live_by_line(report, file):
    """{line: (bytes, blocks)} of Python's mem and obj domains at the end of a report."""
    live = {}
    for event in report.events:
        is_move = 'Realloc' in event.name
        if event.result is None or (is_move and event.result != 0):
            live.pop(event.arguments[0], None)
        if event.result and domain_of(event.name) in ('mem', 'obj'):
            size = event.arguments[-1] * (event.arguments[0] if 'Calloc' in event.name else 1)
            live[event.result] = event.file, event.line, size
    lines = {}
    for name, line, size in live.values():
        if name == file:
            total, count = lines.get(line, (0, 0))
            lines[line] = total + size, count + 1
    return lines


class TestTracemalloc(Case):
    @pytest.mark.parametrize('times', (1, 2, 3))
    def test_has_the_same_figures(self, times):
        """Of each line, while both see the calls; what comes before and after does no harm. (Its own
        records of lines are calls of the raw domain, which it does not count.)"""
        run = self.trace(TRACED, times, PYMEMFLOW_DOMAINS='all')
        assert (run.status, run.stderr) == (0, ''), run.stderr[:1000]
        lines = run.stdout.splitlines()
        assert lines.pop() == 'end'
        theirs = {int(line): (int(size), int(count))
                  for line, count, size in (text.split() for text in lines)}
        ours = live_by_line(run.report, 'traced.py')
        compared = [built.line_of(TRACED, '# %s\n' % comment) for comment in
                    ('small', 'large', 'without a size', 'by realloc')]
        for line in compared:
            assert ours[line] == theirs[line], line


class TestReplaced(Case):
    """A program that puts an allocator of its own into a table."""

    def run(self, function, domain, domains='all'):
        program = '''
import ctypes, sys
ctypes.CDLL(sys.argv[1]).%s(%d)
kept = [object() for i in range(1000)]
''' % (function, domain)
        run = self.trace.code(program, self.build.path('replaces_allocators'), PYMEMFLOW_DOMAINS=domains)
        assert run.status == 0, run.stderr
        return run.stderr

    @pytest.mark.parametrize('name, domain', [('mem', 1), ('obj', 2)])
    def test_is_told_in_one_line(self, name, domain):
        assert self.run('replace_allocator', domain) == (
            "pymemflow: the program replaced Python's allocator %s: its calls since then are not recorded\n" % name)

    def test_is_not_told_of_others(self):
        """Of tables that are put back, of those that are not wrapped, and of tracemalloc's, which calls ours."""
        assert self.run('replace_for_a_moment', 2) == ''
        assert self.run('replace_allocator', 2, domains='raw') == ''
        assert self.trace.code('import tracemalloc; tracemalloc.start()\n', PYMEMFLOW_DOMAINS='all').stderr == ''


class TestLives(Case):
    """An interpreter that begins and ends several times."""

    SOURCE = '''
import threading
def lived():
    return [bytes(2968 + i) for i in range(1, 21)]
lived()
thread = threading.Thread(target=lived)
thread.start()
thread.join()
'''

    @pytest.mark.parametrize('allocator', ('', 'debug'))
    @pytest.mark.parametrize('mode', ('before', 'after', 'custom', 'neither'))
    def test_are_all_seen(self, mode, allocator):
        library = library_of(self.python)
        if not library:
            pytest.skip('Python %s is built without a library' % self.python.id)
        words = [self.build.path('wraps_allocators'), *library, '3', mode, self.SOURCE]
        plain = self.trace.program(words, preload=False, PYTHONMALLOC=allocator)
        run = self.trace.program(words, PYMEMFLOW_DOMAINS='all', PYTHONMALLOC=allocator)
        assert (plain.status, run.status, run.stderr) == (6, 6, ''), run.stderr[:1000]
        assert run.stdout == plain.stdout
        sizes = [event.arguments[1] - 33 for event in run.report.events
                 if event.name == 'PyObject_Calloc' and event.arguments[1] - 33 in BLOCKS]
        assert sorted(sizes) == sorted(BLOCKS * 6)
        assert run.report.lost == 0
