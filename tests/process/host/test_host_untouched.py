"""A C++ extension module keeps its own C++ library: the same libraries serve exceptions and operator
new as without ours, before a report and after it, and every block is an event. The library takes no
descriptor that a program may have."""
import os

import pytest

import built
import cases

pytestmark = pytest.mark.stable_abi
VICTIM = 'uses_cpp.py'
BLOCKS = 100000 + 1000


@pytest.fixture(scope='module')
def both(trace, build):
    """The run under the library, and the one without."""
    folder = os.path.dirname(build.path('throws_and_news'))
    return [trace(VICTIM, preload=preload, PMF_THROWS_AND_NEWS=folder) for preload in (True, False)]


class TestHostUntouched:
    @pytest.fixture(autouse=True)
    def runs(self, both):
        self.run, self.plain = both

    def owners(self, run):
        """The owners before the report and after it."""
        assert (run.status, run.stderr) == (0, '')
        before, middle, after = run.stdout.partition('E2BIG\n')
        assert middle, run.stdout
        result = [dict(line.split() for line in part.splitlines()
                       if line.count(' ') == 1 and not line.startswith('loaded'))
                  for part in (before, after)]
        assert [part.splitlines().count('100') for part in (before, after)] == [1, 1]
        return result

    def test_is_served_by_its_own(self):
        for owners in self.owners(self.run):
            assert owners['_Znwm'].startswith('libstdc++'), owners
            assert owners['_ZdlPv'].startswith('libstdc++'), owners
            assert owners['__cxa_throw'].startswith('libstdc++'), owners
            assert owners['_Unwind_RaiseException'].startswith('libgcc_s'), owners

    def test_the_report_loads_nothing_here(self):
        assert '\nloaded\n' in self.run.stdout
        theirs = self.owners(self.plain)
        for owners, plain in zip(self.owners(self.run), theirs):
            assert owners == plain
            for name in ('mi_malloc', 'mi_free', 'elf_version', '_Ux86_64_step', 'unw_backtrace'):
                assert owners[name] == 'nobody', name

    @pytest.mark.known_python
    def test_every_block_is_an_event(self):
        report = self.run.report
        line = built.line_of(VICTIM, 'throws_and_news.new_and_delete(blocks)')
        events = [event for event in report.of('use') if event.line == line]
        blocks = [event for event in events if event.arguments == (1234,)]
        assert len(blocks) == BLOCKS
        addresses = {event.result for event in blocks}
        frees = [event for event in events
                 if event.name == 'free' and event.arguments[0] in addresses]
        assert len(frees) == BLOCKS
        assert report.lost == 0


class TestDescriptors(cases.Case):
    """The usual case: the soft limit of the process is lower than the hard one."""

    def check(self, limit):
        run = self.trace.program(['/bin/sh', '-c', 'ulimit -S -n %d; exec "$0" "$1"' % limit, self.python.path,
                                  built.victim('lists_descriptors.py')])
        assert (run.status, run.stdout, run.stderr) == (0, '0 1 2\n' * 2, '')
        assert len(run.reports) == 2

    def test_none_of_ours_is_among_the_programs(self):
        self.check(600)

    def test_a_limit_that_was_lowered(self):
        self.check(29)
