"""Probe attribution, in every Python: what the D script's variables name, on every thread, whatever
else traces the program, and nothing of what tracing itself allocates."""
import collections
import os
import re
import sys
import unittest

import traced

traced.require_probes()

CONFORMANCE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'conformance')
HAS_MONITORING = sys.version_info >= (3, 12)
# Lines of sem_live.py that a version prints otherwise than 3.11 does: (line, function, size) gone,
# and come. docs/dtrace.md has the reasons.
OTHERWISE = (
    (sys.version_info < (3, 8), {(23, 'wide', 8001)}, {(24, 'wide', 8001)}),
    (HAS_MONITORING, {(37, '<listcomp>', 3000), (37, '<listcomp>', 3001)},
     {(37, 'caller', 3000), (37, 'caller', 3001), (37, 'caller', 3100)}),
    (sys.version_info >= (3, 13), set(), {(47, 'caller', 7202)}),
)
FLOW = re.compile(r'^ *\d+ +(\S.*):(\d+) +-> (\S+) malloc\((-?\d+)\) pntr', re.M)


def allocations(text, file):
    """(line, function, size) of each malloc() on a line of that file, as often as it is there."""
    return collections.Counter((int(line), function, int(size))
                               for name, line, function, size in FLOW.findall(text) if name == file)


class Case(unittest.TestCase):
    maxDiff = None

    def run_probed(self, script, *arguments, **options):
        options.setdefault('PYMEMFLOW_ATTRIBUTION', 'probe')
        run = traced.run(script, *arguments, **options)
        self.assertEqual(run.status, 0, run.stderr)
        return run

    def sizes(self, run, *functions):
        """(function, size) of each malloc() in these, in order."""
        return [(event.function, event.arguments[0]) for event in run.report.of(*functions)
                if event.name == 'malloc']


class Variables(Case):
    def test_a_return_clears_them(self):
        own = [('one_line', 1001), ('callee', 1002), ('one_line', 1003)]
        by_frame = self.run_probed('probed.py', 'one_line', PYMEMFLOW_ATTRIBUTION='frame')
        self.assertEqual(self.sizes(by_frame, 'one_line', 'callee'), own)
        self.assertEqual(len([event for event in by_frame.report.of('one_line')
                              if event.name == 'free']), 1)
        by_probe = self.run_probed('probed.py', 'one_line')
        self.assertEqual(self.sizes(by_probe, 'one_line', 'callee'), own[:2])
        self.assertEqual([event.name for event in by_probe.report.of('one_line')], ['malloc'])
        self.assertEqual(by_probe.stderr, '')

    def test_everything_that_returns(self):
        """The recorded flow of DTrace, but for what this version does otherwise."""
        with open(os.path.join(CONFORMANCE, 'sem_live.out'), encoding='utf-8') as file:
            expected = allocations(file.read(), 'sem_live.py')
        for applies, gone, come in OTHERWISE:
            if applies:
                expected.subtract(gone)
                expected.update(come)
        program = os.path.join(CONFORMANCE, 'programs', 'sem_live.py')
        run = traced.Run([sys.executable, '-S', program], output='compat', PYMEMFLOW_COMPAT='dtrace')
        self.assertEqual((run.status, run.stderr), (0, ''))
        seen = allocations(run.texts['compat'], 'sem_live.py')
        # What the interpreter itself needs is that version's alone: compared are the program's own
        # sizes. Line 53 is an exec().
        wanted = +collections.Counter({key: count for key, count in expected.items() if key[0] != 53})
        sizes = {size for _, _, size in wanted}
        ours = collections.Counter({key: count for key, count in seen.items() if key[2] in sizes})
        self.assertGreater(sum(wanted.values()), 35)
        self.assertEqual(ours, wanted)

    def test_a_loop_begins_its_line_again(self):
        """Also the line that a function begins with; but not from 3.12 on, for the interpreter."""
        turns = [('spin', 1400), ('callee', 1402), ('spin', 1400), ('callee', 1402),
                 ('spin', 1401), ('callee', 1402)]
        if HAS_MONITORING:
            turns = turns[:2] + [('callee', 1402)] * 2
        self.assertEqual(self.sizes(self.run_probed('probed.py', 'loop'), 'spin', 'callee'), turns * 2)

    def test_the_call_stack_changes_no_line(self):
        def lines(**options):
            text = self.run_probed('probed.py', 'one_line', 'loop', output='stack',
                                   **options).texts['stack']
            return FLOW.findall(text[:text.index('dtrace:::END')])

        own = [line for line in lines() if line[0] == 'probed.py']
        self.assertGreater(len(own), 8)
        self.assertEqual([line for line in lines(PYMEMFLOW_PYTHON_CALL_STACK='1')
                          if line[0] == 'probed.py'], own)

    def test_threads(self):
        run = self.run_probed('probed.py', 'threads')
        self.assertEqual(self.sizes(run, 'in_thread', 'callee'), [('in_thread', 1101), ('callee', 1102)])
        # From the thread's first instruction, which is in threading.py.
        first = [event for event in run.report.events if event.file == 'threading.py'
                 and event.function in ('_bootstrap_inner', '_set_tstate_lock', '_bootstrap', 'run')]
        if (3, 8) <= sys.version_info < (3, 13):
            self.assertTrue(first)

    def test_child(self):
        # Without site: where that imports threading, a function of it runs in each forked child.
        victim = os.path.join(traced.VICTIMS, 'probed.py')
        run = traced.Run([sys.executable, '-S', victim, 'fork'], PYMEMFLOW_ATTRIBUTION='probe')
        def own(report):  # fork() itself needs others
            return [size for size in report.sizes('fork') if 1200 <= size < 1300]

        self.assertEqual(own(run.report), [1201, 1205])
        child, = (report for pid, report in run.reports.items() if pid != run.pid)
        self.assertEqual(own(child), [1201, 1204])

    def test_subinterpreter(self):
        try:
            import _testcapi
        except ImportError:
            self.skipTest('this Python has no _testcapi')
        run = self.run_probed('in_subinterpreter.py')
        self.assertEqual(self.sizes(run, 'inside', 'callee'), [('callee', 1301), ('inside', 1303)])


class Company(Case):
    """With a trace function up to 3.11, the program's own wins while it is there; with sys.monitoring
    they do not meet."""

    def expect(self, base):
        both = [('callee', base), ('after_return', base + 1)]
        return both[:1] if HAS_MONITORING else both

    def check(self, *names):
        plain = traced.run('traced_by_itself.py', *names, preload=False)
        run = self.run_probed('traced_by_itself.py', *names)
        self.assertEqual(run.stdout, plain.stdout)
        return run

    def test_trace_function(self):
        run = self.check('settrace')
        self.assertEqual(self.sizes(run, 'callee', 'after_return'),
                         self.expect(2000) + [('callee', 2010)])
        if HAS_MONITORING:
            self.assertEqual(run.stderr, '')
        else:
            self.assertRegex(run.stderr, r'\Apymemflow: a trace function of the program took the '
                                         r'place of the probes for \d+ events: .*\n\Z')

    def test_profile_function(self):
        run = self.check('setprofile')
        self.assertEqual(self.sizes(run, 'callee', 'after_return'), [('callee', 2020)])
        self.assertEqual(run.stderr, '')

    def test_debugger(self):
        run = self.check('debugger')
        self.assertEqual(self.sizes(run, 'callee', 'after_return'),
                         self.expect(2030) + [('callee', 2040)])

    def test_every_tool_is_taken(self):
        if not HAS_MONITORING:
            self.skipTest('no sys.monitoring')
        source = ('import sys, cMemLeak\n'
                  'print([sys.monitoring.get_tool(i) for i in range(6)])\n')
        run = traced.Run([sys.executable, '-c', source], PYMEMFLOW_ATTRIBUTION='probe')
        self.assertEqual(run.stdout.strip(),
                         str([None, None, None, None, 'pymemflow', None]))


class Nothing(Case):
    """Of what tracing itself allocates there is nothing in the report."""

    def run_long(self, attribution, **options):
        run = self.run_probed('long_and_wide.py', PYMEMFLOW_ATTRIBUTION=attribution, **options)
        self.assertEqual(run.stderr, '')
        return run.report

    def flow(self, attribution):
        return collections.Counter((event.line, event.function, event.arguments[0])
                                   for event in self.run_long(attribution).events
                                   if event.file == 'long_and_wide.py' and event.name == 'malloc')

    def test_with_pymalloc(self):
        """Whatever is in the flow with probes is in the flow without them."""
        with_probes, without = self.flow('probe'), self.flow('frame')
        self.assertGreater(sum(with_probes.values()), 50)
        self.assertEqual(with_probes - without, collections.Counter())

    def buckets(self, attribution):
        """How many blocks of which size there were in all, with a Python line or without."""
        section = r'^Python malloc byte distributions by (?:engine|Python).*?(?=^Python (?!malloc)|\Z)'
        text = re.search(section, self.run_long(attribution, PYTHONMALLOC='malloc').text, re.M | re.S)
        counts = collections.Counter()
        for bucket, count in re.findall(r'^ +(\d+) \|@* +(\d+) *$', text.group(), re.M):
            counts[int(bucket)] += int(count)
        return +counts

    def test_every_object(self):
        if not HAS_MONITORING:
            self.skipTest('up to 3.11 a trace function has exceptions and their tracebacks made early')
        self.assertEqual(self.buckets('probe'), self.buckets('frame'))


if __name__ == '__main__':
    unittest.main()
