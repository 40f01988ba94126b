"""Every function of functions.def, called inside a Python in every way that matters: the outcome equals
the outcome without the library, and the report has each call once, in order."""
import re

import pytest

import built

pytestmark = pytest.mark.stable_abi
CALLS = 'calls_every_function.py'


def outcomes(text):
    """The outcomes without usable sizes, which depend on earlier allocations: the C library may reuse
    a larger free block. test_hooks.py compares these."""
    return [re.sub(' usable [0-9]+', '', line) for line in text.splitlines() if line[0] != '=']


def is_young(line):
    """Tells whether the line is of a function that the C library may not have."""
    return line.startswith(('free_sized ', 'free_aligned_sized '))


@pytest.fixture(scope='module')
def both(trace):
    """The run under the library, and the one without."""
    return [trace(CALLS, preload=preload) for preload in (True, False)]


class TestHooks:
    @pytest.fixture(autouse=True)
    def runs(self, both):
        self.traced, self.plain = both

    def test_change_nothing(self):
        assert (self.plain.status, self.traced.status) == (0, 0), self.traced.stderr
        assert self.traced.stderr == ''
        ours, theirs = outcomes(self.traced.stdout), outcomes(self.plain.stdout)
        assert 'NOT ' not in self.traced.stdout
        assert len(ours) > 40
        assert 'absent' not in self.traced.stdout
        if 'absent' in self.plain.stdout:
            ours = [line for line in ours if not is_young(line)]
            theirs = [line for line in theirs if not is_young(line)]
        assert ours == theirs

    @pytest.mark.known_python
    def test_record_each_call_once(self):
        report = self.traced.report
        called = [line[2:] for line in self.traced.stdout.splitlines() if line.startswith('=')]
        events = report.of('call')
        marks = [i for i, event in enumerate(events) if event.arguments == (31415926,)]
        assert len(marks) == 1
        mark = events[marks[0]]
        inside = events[marks[0] + 1:]
        ends = [i for i, event in enumerate(inside) if event.call == 'free(0x%x)' % mark.result]
        assert ends
        assert [event.call for event in inside[:ends[0]]] == called
        line = built.line_of(CALLS, 'library.call_all()')
        assert {(event.file, event.line) for event in inside[:ends[0]]} == {(CALLS, line)}
        assert report.lost == 0
