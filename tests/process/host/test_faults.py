"""Faults that other tools of this kind have caused in their hosts. docs/faults.md lists them, with the
program here that shows each."""
import ctypes.util
import os
import re

import pytest

import cases

pytestmark = pytest.mark.stable_abi
BEFORE, AFTER = list(range(77000, 77100)), list(range(30000, 30100))
ALLOCATORS = ('libjemalloc.so.2', 'libtcmalloc_minimal.so.4', 'libmimalloc.so.2')
MEBIBYTES = re.compile(r'^ +1048576 \|@* +(\d+) *$', re.MULTILINE)


def by_caller(report, symbol):
    return sum(record.count for record in report.of_engine('malloc', symbol).values())


@pytest.mark.soak('storms')
class TestStorms(cases.Case):
    """Storms have millions of events, so the flow is not printed."""

    @pytest.fixture(autouse=True)
    def lengths(self, fixtures, length, is_last_python):
        if length.is_long and not is_last_python:
            pytest.skip('the long version runs under one Python')
        self.length = length

    def test_loader_forks_and_a_timer(self):
        milliseconds = self.length.pick(1000, 30000)
        run = self.trace('storm.py', str(milliseconds),
                         after=[self.build.path('bump_allocator')], PYMEMFLOW_FLOW='0',
                         PMF_LOADED=self.build.path('changes_hands'))
        assert (run.status, run.stderr) == (0, '')
        churned, handled, loaded, forked, failed = map(int, run.stdout.split())
        assert failed == 0
        assert min(churned, handled, loaded, forked) > milliseconds // 100
        report = run.reports.pop(run.pid)
        # The handler runs on any thread, with a Python frame below it or without.
        in_handler = sum(map(int, MEBIBYTES.findall(report.distributions)))
        assert (by_caller(report, 'churn'), in_handler, report.lost) == (churned, handled, 0)
        # The children come of threads that Python knows nothing of.
        assert run.reports == {}
        self.length.say('%d blocks, %d handlers, %d libraries loaded, %d forks: all recorded, 0 lost'
                        % (churned, handled, loaded, forked))

    def test_forks_beside_threads(self):
        forks = self.length.pick(25, 500)
        run = self.trace('forks_beside_threads.py', str(forks), PYMEMFLOW_FLOW='0',
                         PYTHONWARNINGS='ignore')
        assert (run.status, run.stderr) == (0, '')
        churned, failed, longest = run.stdout.split()
        assert int(failed) == 0
        assert float(longest) < self.length.pick(10, 2)
        report = run.reports.pop(run.pid)
        assert (by_caller(report, 'churn'), report.lost) == (int(churned), 0)
        assert by_caller(report, 'allocate_in_child') == 0
        assert len(run.reports) == forks
        for child in run.reports.values():
            assert child.lost == 0
            assert sum(child.counts('malloc').values()) + by_caller(child, 'allocate_in_child') >= 10
            assert by_caller(child, 'churn') == 0
        self.length.say('%d forks beside 8 threads, %s blocks, the slowest child took %.2f s'
                        % (forks, churned, float(longest)))


class TestChildren(cases.Case):
    def test_of_a_process_with_many_places(self):
        run = self.trace('forks_with_many_sites.py')
        assert (run.status, run.stderr) == (0, '')
        report = run.reports.pop(run.pid)
        places = {event.line for event in report.events if event.file == 'many.py'}
        assert len(places) == 10000
        child, = run.reports.values()
        assert (child.sizes('child'), child.lost) == (list(range(40000, 40100)), 0)

    def test_by_vfork(self):
        """They write into their parent's memory, so their allocations are events of the parent."""
        run = self.trace('vforks.py')
        assert (run.status, run.stdout, run.stderr) == (0, '0\n', '')
        report = run.reports.pop(run.pid)
        assert run.reports == {}
        sizes = report.sizes('before') + report.sizes('after')
        assert (sizes, report.lost) == (BEFORE + AFTER, 0)
        assert report.sizes('<module>').count(5000) == 50


class TestThreads(cases.Case):
    def test_destructors_at_their_end(self):
        run = self.trace('ends_threads.py', '50')
        assert (run.status, run.stderr, run.report.lost) == (0, '', 0)
        counts = run.report.counts('malloc', by='engine')
        assert [counts['ends_threads.so', function] for function in ('begin', 'again')] == [50, 150]


class TestAllocators(cases.Case):
    """Other allocators, preloaded behind our library and in front of it."""

    def check(self, name):
        if ctypes.util.find_library(name[3:].split('.so')[0]) is None:
            pytest.skip('no %s here' % name)
        run = self.trace('ends.py', 'exit', after=[name])
        assert (run.status, run.stdout, run.stderr) == (3, 'out\n', 'err\n')
        sizes = set(run.report.sizes('before')) | set(run.report.sizes('after'))
        assert set(BEFORE + AFTER) <= sizes
        assert run.report.lost == 0
        run = self.trace('ends.py', 'exit', before=[name])
        assert (run.status, run.stdout) == (3, 'out\n')
        said = [line for line in run.stderr.splitlines() if line != 'err']
        assert len(said) == 1, run.stderr
        assert re.search(r'^pymemflow: \S*/%s\S* defines malloc\(\) and comes before this library: '
                         % name.split('.so')[0], said[0])

    def test_jemalloc(self):
        self.check('libjemalloc.so.2')

    def test_tcmalloc(self):
        self.check('libtcmalloc_minimal.so.4')

    def test_mimalloc(self):
        self.check('libmimalloc.so.2')

    @pytest.mark.needs('valgrind')
    def test_valgrind(self):
        """It redirects malloc() by its address, wherever it is defined; unless it is told not to."""
        code = 'block = bytes(77777); print("out")'
        for option, is_seen in (('-q', False), ('--soname-synonyms=somalloc=nouserintercepts', True)):
            words = ['valgrind', '-q', option, self.python.path, '-c', code]
            capture = self.path('seen' if is_seen else 'unseen')
            run = self.trace.program(words, output=None, PYMEMFLOW_CAPTURE=capture)
            assert (run.status, run.stdout) == (0, 'out\n'), run.stderr
            line = ('pymemflow: another tool redirects malloc() in this process, as valgrind does: its '
                    'allocations are not seen')
            ours = [each for each in run.stderr.splitlines() if each.startswith('pymemflow')]
            assert ours == ([] if is_seen else [line]), run.stderr
        assert 77777 + 33 in {size for event in self.cli.report(self.path('seen')).events for size in event.arguments}

    def test_inside_an_extension(self):
        """The library does not see its blocks, and never gets one of them to free."""
        if not self.build.has('allocates_for_itself'):
            pytest.skip('no static jemalloc here')
        # It wants 3 KiB of static thread-local storage: more than glibc has left, with us or without.
        run = self.trace('allocates_for_itself.py',
                         GLIBC_TUNABLES='glibc.rtld.optional_static_tls=16384')
        assert (run.status, run.stdout, run.stderr) == (0, '0 8\n', '')
        report = run.report
        sizes = report.sizes('before') + report.sizes('after')
        assert (sizes, report.lost) == (BEFORE + AFTER, 0)
        assert [event for event in report.events if event.function == '<lambda>'
                and event.name == 'malloc' and event.arguments[0] == 7000] == []


class TestLoader(cases.Case):
    @pytest.fixture(autouse=True)
    def name(self, fixtures):
        self.name = os.path.basename(self.build.path('loaded_deeply'))

    def load(self, is_deep):
        return self.trace('loads_deeply.py', self.name, str(is_deep))

    def test_found_by_the_run_path_of_who_asks(self):
        run = self.load(0)
        assert (run.status, run.stderr) == (0, '')
        sizes = [size for size in run.report.sizes('load_and_allocate') if size // 1000 == 31]
        assert sizes == list(range(31000, 31020))

    def test_deep_binding_is_said(self):
        run = self.load(1)
        assert (run.status, run.stderr) == (
            0, 'pymemflow: %s is loaded with RTLD_DEEPBIND: its calls to malloc() may bypass '
            'pymemflow, and are not recorded then\n' % self.name)
        assert run.report.lost == 0
        assert self.load(1).status == (self.trace('loads_deeply.py', self.name, '1',
                                                  preload=False).status)


class TestSandboxes(cases.Case):
    def sizes(self, run):
        return [size for size in run.report.sizes('allocate')]

    def test_all_descriptors_closed(self):
        run = self.trace('closes_all_descriptors.py')
        assert (run.status, run.stderr) == (0, '')
        assert self.sizes(run) == BEFORE + AFTER

    def test_all_descriptors_closed_past_us(self):
        """The recording ends, and the library writes to no other file."""
        run = self.trace('closes_all_descriptors.py', 'past-us')
        assert (run.status, run.stdout) == (0, '0\n')
        said = [line for line in run.stderr.splitlines()]
        assert said and all(line.startswith('pymemflow: ') for line in said), run.stderr

    def test_seccomp(self):
        run = self.trace('in_a_sandbox.py')
        if 'no seccomp here' in run.stderr:
            pytest.skip('no seccomp here')
        assert (run.status, run.stderr) == (0, '')
        assert self.sizes(run) == BEFORE + AFTER
        assert run.report.lost == 0

    def test_seccomp_without_files(self):
        run = self.trace('in_a_sandbox.py', 'no-files')
        if 'no seccomp here' in run.stderr:
            pytest.skip('no seccomp here')
        assert run.status == 0
        assert len(run.stderr.splitlines()) == 1, run.stderr
        kept = re.match('pymemflow: the loader cannot start the reporter: the record is kept; print its '
                        'report with: pymemflow report (/.*)\n$', run.stderr)
        assert kept, run.stderr
        os.remove(kept.group(1))
