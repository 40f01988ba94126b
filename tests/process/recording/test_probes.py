"""Probe attribution in every Python: events have the names in the D script's variables, on every thread,
even if the program traces itself; and memory that tracing itself allocates is not in the report."""
import collections
import os
import re

import pytest

import built
import cases

pytestmark = pytest.mark.stable_abi
CONFORMANCE = os.path.join(built.ROOT, 'tests', 'conformance')
MONITORING = (3, 12)  # the first version with sys.monitoring
# Lines of sem_live.py that versions print otherwise than 3.11 does: a test of the version, and
# (line, function, size) that are gone, and that come. docs/dtrace.md has the reasons.
OTHERWISE = (
    (lambda version: version < (3, 8), {(23, 'wide', 8001)}, {(24, 'wide', 8001)}),
    (lambda version: version >= MONITORING, {(37, '<listcomp>', 3000), (37, '<listcomp>', 3001)},
     {(37, 'caller', 3000), (37, 'caller', 3001), (37, 'caller', 3100)}),
    (lambda version: version >= (3, 13), set(), {(47, 'caller', 7202)}),
)
FLOW = re.compile(r'^ *\d+ +(\S.*):(\d+) +-> (\S+) malloc\((-?\d+)\) pntr', re.M)


def allocations(text, file):
    """(line, function, size) of each malloc() on a line of that file, as often as it is there."""
    return collections.Counter((int(line), function, int(size))
                               for name, line, function, size in FLOW.findall(text) if name == file)


class Case(cases.Case):
    @property
    def has_monitoring(self):
        return self.python.version >= MONITORING

    def run_probed(self, script, *arguments, **options):
        options.setdefault('PYMEMFLOW_ATTRIBUTION', 'probe')
        run = self.trace(script, *arguments, **options)
        assert run.status == 0, run.stderr
        return run

    def sizes(self, run, *functions):
        """(function, size) of each malloc() in these, in order."""
        return [(event.function, event.arguments[0]) for event in run.report.of(*functions)
                if event.name == 'malloc']


@pytest.mark.probed_python
class TestVariables(Case):
    def test_a_return_clears_them(self):
        own = [('one_line', 1001), ('callee', 1002), ('one_line', 1003)]
        by_frame = self.run_probed('probed.py', 'one_line', PYMEMFLOW_ATTRIBUTION='frame')
        assert self.sizes(by_frame, 'one_line', 'callee') == own
        assert len([event for event in by_frame.report.of('one_line')
                    if event.name == 'free']) == 1
        by_probe = self.run_probed('probed.py', 'one_line')
        assert self.sizes(by_probe, 'one_line', 'callee') == own[:2]
        assert [event.name for event in by_probe.report.of('one_line')] == ['malloc']
        assert by_probe.stderr == ''

    def test_everything_that_returns(self):
        """The recorded flow of DTrace, except for the known differences of this version."""
        with open(os.path.join(CONFORMANCE, 'sem_live.out'), encoding='utf-8') as file:
            expected = allocations(file.read(), 'sem_live.py')
        for applies, gone, come in OTHERWISE:
            if applies(self.python.version):
                expected.subtract(gone)
                expected.update(come)
        program = os.path.join(CONFORMANCE, 'programs', 'sem_live.py')
        run = self.trace.program([self.python.path, '-S', program], output='compat', PYMEMFLOW_COMPAT='dtrace')
        assert (run.status, run.stderr) == (0, '')
        seen = allocations(run.texts['compat'], 'sem_live.py')
        # The interpreter's own allocations differ from version to version, so only the program's
        # sizes are compared. Line 53 is an exec().
        wanted = +collections.Counter({key: count for key, count in expected.items() if key[0] != 53})
        sizes = {size for _, _, size in wanted}
        ours = collections.Counter({key: count for key, count in seen.items() if key[2] in sizes})
        assert sum(wanted.values()) > 35
        assert ours == wanted

    def test_a_loop_begins_its_line_again(self):
        """This holds for the first line of a function too; from 3.12 on the interpreter does not do it."""
        turns = [('spin', 1400), ('callee', 1402), ('spin', 1400), ('callee', 1402),
                 ('spin', 1401), ('callee', 1402)]
        if self.has_monitoring:
            turns = turns[:2] + [('callee', 1402)] * 2
        assert self.sizes(self.run_probed('probed.py', 'loop'), 'spin', 'callee') == turns * 2

    def test_the_call_stack_changes_no_line(self):
        def lines(**options):
            text = self.run_probed('probed.py', 'one_line', 'loop', output='stack',
                                   **options).texts['stack']
            return FLOW.findall(text[:text.index('dtrace:::END')])

        own = [line for line in lines() if line[0] == 'probed.py']
        assert len(own) > 8
        assert [line for line in lines(PYMEMFLOW_PYTHON_CALL_STACK='1')
                if line[0] == 'probed.py'] == own

    def test_threads(self):
        run = self.run_probed('probed.py', 'threads')
        assert self.sizes(run, 'in_thread', 'callee') == [('in_thread', 1101), ('callee', 1102)]
        # From the thread's first instruction, which is in threading.py.
        first = [event for event in run.report.events if event.file == 'threading.py'
                 and event.function in ('_bootstrap_inner', '_set_tstate_lock', '_bootstrap', 'run')]
        if (3, 8) <= self.python.version < (3, 13):
            assert first

    def test_child(self):
        # Without site: where that imports threading, a function of it runs in each forked child.
        victim = built.victim('probed.py')
        run = self.trace.program([self.python.path, '-S', victim, 'fork'], PYMEMFLOW_ATTRIBUTION='probe')
        def own(report):  # fork() itself needs others
            return [size for size in report.sizes('fork') if 1200 <= size < 1300]

        assert own(run.report) == [1201, 1205]
        child, = (report for pid, report in run.reports.items() if pid != run.pid)
        assert own(child) == [1201, 1204]

    def test_subinterpreter(self):
        self.trace.require('_testcapi')
        run = self.run_probed('in_subinterpreter.py')
        assert self.sizes(run, 'inside', 'callee') == [('callee', 1301), ('inside', 1303)]


@pytest.mark.probed_python
class TestCompany(Case):
    """Up to 3.11, a trace function of the program replaces ours while it is set; with sys.monitoring
    there is no conflict."""

    def expect(self, base):
        both = [('callee', base), ('after_return', base + 1)]
        return both[:1] if self.has_monitoring else both

    def check(self, *names):
        plain = self.trace('traced_by_itself.py', *names, preload=False)
        run = self.run_probed('traced_by_itself.py', *names)
        assert run.stdout == plain.stdout
        return run

    def test_trace_function(self):
        run = self.check('settrace')
        assert self.sizes(run, 'callee', 'after_return') == self.expect(2000) + [('callee', 2010)]
        if self.has_monitoring:
            assert run.stderr == ''
        else:
            assert re.search(r'\Apymemflow: a trace function of the program replaced the '
                             r'probes during \d+ events: .*\n\Z', run.stderr)

    def test_profile_function(self):
        run = self.check('setprofile')
        assert self.sizes(run, 'callee', 'after_return') == [('callee', 2020)]
        assert run.stderr == ''

    def test_debugger(self):
        run = self.check('debugger')
        assert self.sizes(run, 'callee', 'after_return') == self.expect(2030) + [('callee', 2040)]

    def test_every_tool_is_taken(self):
        if not self.has_monitoring:
            pytest.skip('no sys.monitoring')
        source = ('import sys, cMemLeak\n'
                  'print([sys.monitoring.get_tool(i) for i in range(6)])\n')
        run = self.trace.code(source, PYMEMFLOW_ATTRIBUTION='probe')
        assert run.stdout.strip() == str([None, None, None, None, 'pymemflow', None])


@pytest.mark.probed_python
class TestNothing(Case):
    """Memory that tracing itself allocates is not in the report."""

    def run_long(self, attribution, **options):
        run = self.run_probed('long_and_wide.py', PYMEMFLOW_ATTRIBUTION=attribution, **options)
        assert run.stderr == ''
        return run.report

    def flow(self, attribution):
        return collections.Counter((event.line, event.function, event.arguments[0])
                                   for event in self.run_long(attribution).events
                                   if event.file == 'long_and_wide.py' and event.name == 'malloc')

    def test_with_pymalloc(self):
        """The flow with probes is a part of the flow without them."""
        with_probes, without = self.flow('probe'), self.flow('frame')
        assert sum(with_probes.values()) > 50
        assert with_probes - without == collections.Counter()

    def buckets(self, attribution):
        """Counts all blocks by size, with and without a Python line."""
        section = r'^Python malloc byte distributions by (?:engine|Python).*?(?=^Python (?!malloc)|\Z)'
        text = re.search(section, self.run_long(attribution, PYTHONMALLOC='malloc').text, re.M | re.S)
        counts = collections.Counter()
        for bucket, count in re.findall(r'^ +(\d+) \|@* +(\d+) *$', text.group(), re.M):
            counts[int(bucket)] += int(count)
        return +counts

    def test_every_object(self):
        if not self.has_monitoring:
            pytest.skip('up to 3.11 a trace function has exceptions and their tracebacks made early')
        assert self.buckets('probe') == self.buckets('frame')


@pytest.mark.known_python
def test_is_refused_where_it_cannot_be(python, trace):
    run = trace.code('pass', PYMEMFLOW_ATTRIBUTION='probe')
    assert run.status == 0
    assert bool(run.reports) == python.can_be_probed
    assert ('pymemflow: cannot probe CPython ' in run.stderr) != python.can_be_probed
