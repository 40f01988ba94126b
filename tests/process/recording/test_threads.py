"""Several threads at once: every event has the function and line of its own thread, and the order of
all events is one in which they can have happened."""
import collections

import pytest

import built
import cases
import replay

pytestmark = pytest.mark.stable_abi
COUNT = 3000
ROUNDS = 20000


class TestThreads(cases.Case):
    def run_victim(self, script):
        run = self.trace(script)
        assert (run.status, run.stdout, run.stderr) == (0, '', '')
        assert run.report.lost == 0
        return run.report

    def check(self, report, is_whole, whole):
        result = replay.replay(report, is_whole)
        assert (result.violations[:5], result.alive[:5]) == ([], [])
        assert result.whole == whole
        assert replay.is_possible(report, result), result.unexplained

    def test_functions_and_lines(self):
        script = 'threads_allocate.py'
        report = self.run_victim(script)
        expected = {('malloc', (21111,)): ('one', '# line of one'),
                    ('malloc', (22222,)): ('two', '# line of two'),
                    ('calloc', (3, 11111)): ('three', '# line of three\n'),
                    ('realloc', (33333,)): ('three', "# line of three's realloc")}
        seen = collections.Counter()
        blocks = set()
        for event in report.events:
            moved = event.name == 'realloc'
            key = (event.name, event.arguments[1:] if moved else event.arguments)
            if key in expected:
                function, text = expected[key]
                place = (script, function, built.line_of(script, text))
                assert (event.file, event.function, event.line) == place
                seen[key] += 1
                blocks.add(event.result)
        assert seen == {key: COUNT for key in expected}
        for function, count in (('one', COUNT), ('four', 2 * COUNT)):
            line = built.line_of(script, '# line of ' + function)
            frees = [event for event in report.of(function)
                     if event.name == 'free' and event.line == line]
            assert sum(event.arguments[0] in blocks for event in frees) >= count
        sizes = {21111, 22222, 11111, 33333}
        self.check(report, lambda event: event.arguments[-1] in sizes, 4 * COUNT)

    def test_blocks_change_hands(self):
        report = self.run_victim('threads_change_hands.py')
        sizes = {50000 + number + more for number in range(4) for more in (0, 8192)}
        events = [event for event in report.of('work') if event.arguments[-1] in sizes]
        count = collections.Counter(event.arguments[-1] for event in events)
        assert [count[50000 + number] for number in range(4)] == [ROUNDS] * 4
        assert sum(event.name == 'realloc' for event in events) > ROUNDS
        self.check(report, lambda event: event.arguments[-1] in sizes, len(events))
