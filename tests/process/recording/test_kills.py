"""A process that is killed at any moment leaves a capture that can be read, with every event that was
complete."""
import collections
import os
import re
import signal
import subprocess
import time

import pytest

import built
import cases
import reports

pytestmark = pytest.mark.one_python
KILLED = ('pymemflow: the program did not end by itself: this report covers the events until '
          'then\n')


class Case(cases.Case):
    @pytest.fixture(autouse=True)
    def capture(self, fixtures):
        self.capture = self.path('capture')

    def remove_capture(self):
        for name in (self.capture, self.capture + '.windows'):
            if os.path.exists(name):
                os.unlink(name)

    def kill(self, delay, threads=1, **options):
        """Kills the victim some time after its first line. Returns the progress that each thread printed."""
        self.remove_capture()
        environment = dict(self.environment, LD_PRELOAD=self.build.library,
                           PYMEMFLOW_CAPTURE=self.capture, **options)
        victim = built.victim('counts.py')
        with subprocess.Popen([self.python.path, victim, str(threads)], env=environment,
                              stdout=subprocess.PIPE) as process:
            said = process.stdout.readline()
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
            said += process.stdout.read()
        assert process.returncode == -signal.SIGKILL
        counts = collections.Counter()
        for line in said.decode().splitlines():
            match = re.match(r'^(\d+) (\d+)$', line)
            if match:  # the last one may be cut short
                counts[int(match.group(1))] = int(match.group(2))
        return counts

    def report(self, *options):
        report = self.cli.report(self.capture, *options)
        assert KILLED in report.text
        assert report.lost == 0
        return report


@pytest.mark.soak('kills')
class TestKills(Case):
    @pytest.fixture(autouse=True)
    def delays(self, capture, length, rng):
        """Returns the moment of each kill."""
        latest = length.pick(0.05, 0.1)
        self.say = length.say
        self.rounds = length.pick(3, 100)
        self.few_rounds = length.pick(2, 20)
        self.delay = lambda: rng.uniform(0, latest)

    def test_no_event_is_missing(self):
        for _ in range(self.rounds):
            counts = self.kill(self.delay())
            sizes = self.report().sizes('allocate')
            assert sizes == [number % 50000 + 1 for number in range(len(sizes))]
            assert len(sizes) >= counts[0]
        self.say('%d kills, no event missing' % self.rounds)

    def test_of_threads(self):
        for _ in range(self.few_rounds):
            counts = self.kill(self.delay(), threads=4)
            sizes = self.report().sizes('allocate')
            # The report does not print the thread of an event. So each size must be there at least
            # as often as the threads counted it.
            made = collections.Counter(sizes)
            least = collections.Counter()
            for thread in range(4):
                least.update(number % 50000 + 1 for number in range(counts[thread]))
            assert least - made == collections.Counter()

    def test_ring(self):
        overwritten = 0
        for _ in range(self.rounds):
            counts = self.kill(self.delay(), PYMEMFLOW_RING='64KiB')
            report = self.report()
            sizes = report.sizes('allocate')
            assert sizes == [(sizes[0] - 1 + number) % 50000 + 1
                             for number in range(len(sizes))]
            # The last event in the ring is not older than the last printed count, and less than a
            # cycle of the sizes newer.
            assert (sizes[-1] - counts[0]) % 50000 < 40000
            assert report.recorded >= len(report.events) + report.overwritten
            overwritten += report.overwritten
        assert overwritten > 0
        self.say('%d kills, rings whole' % self.rounds)

    def test_sums(self):
        for _ in range(self.rounds):
            counts = self.kill(self.delay(), PYMEMFLOW_FLOW='0')
            report = self.report()
            made = report.counts('malloc')['counts.py', 'allocate']
            assert made >= counts[0]
            # The sum shows that each number is there once.
            expected = sum(number % 50000 + 1 for number in range(made))
            assert '   counts.py, allocate, bytes total = %d \n' % expected in report.text
        self.say('%d kills, sums exact' % self.rounds)


class TestEnds(Case):
    def test_other_ends(self):
        for way, is_killed in (('abort', True), ('segv', True), ('_exit', False),
                               ('exception', False)):
            self.remove_capture()
            run = self.trace('ends.py', way, output=None, PYMEMFLOW_CAPTURE=self.capture)
            assert run.status != 0
            done = self.cli('report', self.capture)
            assert (done.status, done.stderr) == (0, '')
            assert (KILLED in done.stdout) == is_killed, way
            report = reports.Report(done.stdout)
            assert report.sizes('before') == list(range(77000, 77100))
            assert report.sizes('after') == list(range(30000, 30100))
            assert report.lost == 0
