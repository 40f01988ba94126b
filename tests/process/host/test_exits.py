"""For each way to end a process, there is one complete report, and the program's own output
and end are what they are without the library."""
import os
import re
import signal

import pytest

import cases
import reports

pytestmark = pytest.mark.stable_abi
BEFORE = list(range(77000, 77100))
AFTER = list(range(30000, 30100))
CHILD = list(range(40000, 40100))


class Case(cases.Case):
    def run_both(self, *command, **options):
        """Returns the run under the library, after checking that output and end equal those without it."""
        plain = self.trace(*command, preload=False)
        run = self.trace(*command, **options)
        assert (run.status, run.stdout) == (plain.status, plain.stdout)
        assert self.without_addresses(run.stderr) == self.without_addresses(plain.stderr)
        return run

    @staticmethod
    def without_addresses(text):
        """Removes addresses: a Python that dies prints threads and objects with them."""
        return re.sub('0x[0-9a-f]+', '0x', text)

    def check(self, report, before=BEFORE, after=AFTER, child=()):
        assert report.lost == 0
        assert report.sizes('before') == list(before)
        assert report.sizes('after') == list(after)
        assert report.sizes('child') == list(child)

    def check_only(self, run, **expected):
        """Returns the only report."""
        assert list(run.reports) == [run.pid], run.files
        assert {event.pid for event in run.report.events} == {run.pid}
        self.check(run.report, **expected)


class TestEnds(Case):
    def test_normal(self):
        run = self.run_both('ends.py', 'normal')
        self.check_only(run)
        assert (run.status, run.stdout, run.stderr) == (0, 'out\n', 'err\n')

    def test_exit(self):
        run = self.run_both('ends.py', 'exit')
        self.check_only(run)
        assert run.status == 3

    def test_exception(self):
        run = self.run_both('ends.py', 'exception')
        self.check_only(run)
        assert run.status == 1

    def test_exit_without_handlers(self):
        run = self.run_both('ends.py', '_exit')
        self.check_only(run)
        assert run.status == 3

    def test_exit_of_a_thread_without_the_gil(self):
        run = self.run_both('ends.py', 'exit-of-a-thread')
        self.check_only(run)
        assert run.status == 3

    def test_daemon_threads(self):
        for _ in range(3):
            run = self.trace('ends.py', 'daemons')
            assert (run.status, run.stdout, run.stderr) == (0, 'out\n', 'err\n')
            self.check_only(run)
            assert 5000 in run.report.sizes('allocate_for_ever')

    def test_daemon_threads_that_wait_for_the_gil(self):
        # The report takes longer than a wait for the GIL, which 3.10 does not survive by itself.
        run = self.trace('busy_daemons.py')
        assert (run.status, run.stdout, run.stderr) == (0, 'out\n', 'err\n')
        self.check_only(run, after=AFTER * 1000)

    def test_abort(self):
        run = self.run_both('ends.py', 'abort')
        assert run.status == -signal.SIGABRT
        assert run.files == []


class TestExecs(Case):
    def test_another_program(self):
        for way in ('execv', 'execvpe'):
            run = self.run_both('execs.py', way)
            assert (run.status, run.stdout) == (7, 'first\nsecond\n')
            self.check_only(run, after=())

    def test_failure(self):
        for way, error in (('absent', 'FileNotFoundError 2'), ('unfit', 'OSError 8'),
                           ('absent in path', 'FileNotFoundError 2')):
            run = self.run_both('execs.py', way)
            assert (run.status, run.stdout) == (0, 'first\n%s\n' % error)
            self.check_only(run)

    def test_failure_on_standard_error(self):
        ways = ['absent', 'absent in path']
        # A format that is registered could be any: then an exec that fails is reported on before.
        if not os.path.exists('/proc/sys/fs/binfmt_misc/status'):
            ways.append('unfit')
        for way in ways:
            run = self.trace('execs.py', way, output=None)
            assert run.stderr.count('dtrace:::BEGIN') == 1
            self.check(reports.within(run.stderr))


class TestForks(Case):
    def test_each_has_its_own(self):
        run = self.trace('forks.py', '9')
        assert (run.status, run.stderr) == (0, '')
        children = dict(map(int, line.split()) for line in run.stdout.splitlines())
        assert list(children.values()) == [9] * 10
        assert sorted(run.reports) == sorted([run.pid] + list(children))
        self.check(run.report)
        for pid in children:
            report = run.reports[pid]
            assert {event.pid for event in report.events} == {pid}
            self.check(report, before=(), after=(), child=CHILD)

    def test_programs_started(self):
        run = self.trace('runs_programs.py')
        assert (run.status, run.stdout, run.stderr) == (0, '', '')
        self.check_only(run, child=[40000] * 120)

    def pool(self, way):
        run = self.trace('pools.py', way)
        assert (run.status, run.stderr) == (0, '')
        workers = dict(map(int, line.split()) for line in run.stdout.splitlines())
        assert sum(workers.values()) == 20
        self.check(run.report)
        for pid, tasks in workers.items():
            self.check(run.reports[pid], before=(), after=(), child=CHILD[:10] * tasks)
        # Spawned ones have helpers of their own; a forked one is a worker.
        if way == 'fork':
            for pid in set(run.reports) - set(workers) - {run.pid}:
                self.check(run.reports[pid], before=(), after=(), child=())

    def test_forked_pool(self):
        self.pool('fork')

    def test_spawned_pool(self):
        self.pool('spawn')
