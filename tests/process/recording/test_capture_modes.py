"""The modes that do not keep every event: PYMEMFLOW_RING keeps the last events of each thread, and
PYMEMFLOW_FLOW=0 keeps sums."""
import collections
import os
import re

import pytest

import cases

pytestmark = [pytest.mark.one_python, pytest.mark.soak('modes')]


class Case(cases.Case):
    @pytest.fixture(autouse=True)
    def capture(self, fixtures, length):
        self.capture = self.path('capture')
        self.many = length.pick(400000, 4000000)

    def run_busy(self, count, **options):
        if os.path.exists(self.capture):
            os.unlink(self.capture)
        run = self.trace('busy.py', str(count), PYMEMFLOW_CAPTURE=self.capture, PYTHONHASHSEED='0',
                         **options)
        assert (run.status, run.stdout, run.stderr) == (4, 'out\n', '')
        assert run.report.lost == 0
        return run.report

    def size(self):
        return os.stat(self.capture).st_size

    def reported(self, *options):
        return self.cli.report(self.capture, *options)


class TestRing(Case):
    def test_last_events_with_their_names(self):
        report = self.run_busy(self.many, PYMEMFLOW_RING='128KiB')
        assert self.reported().text == report.text
        assert report.overwritten >= self.many - 50000
        assert len(report.events) > 128 * 1024 // 24
        assert {(event.file, event.function) for event in report.events} == (
            {('busy.py', 'growing'), ('busy.py', '<module>')}
            | {(event.file, event.function) for event in report.events
               if event.file != 'busy.py'})
        # The victim's last lap from its end: 10,000 of growing(), each with the head of an object.
        laps = [600 + i % 4000 for i in range(10000)]
        sizes = [event.arguments[-1] for event in report.of('growing')
                 if event.name in ('malloc', 'calloc') and event.arguments[-1] > 600]
        assert len(sizes) > 5000
        head = sizes[-1] - laps[-1]
        assert 16 <= head <= 64, head
        assert [size - head for size in sizes] == laps[-len(sizes):]

    def test_room_does_not_grow(self):
        sizes = set()
        for count in (self.many, 2 * self.many):
            self.run_busy(count, PYMEMFLOW_RING='1MiB')
            sizes.add(self.size())
        # A site that one run has and the other has not, such as that of a mmap(), takes some words.
        assert max(sizes) - min(sizes) < 1024, sizes
        # The ring, its block under way, and the definitions.
        assert max(sizes) < (1 << 20) + (1 << 16) + (1 << 20)

    def test_larger_than_all(self):
        report = self.run_busy(4000, PYMEMFLOW_RING='64MiB')
        assert report.overwritten == 0
        assert ', 0 overwritten\n' in report.text
        assert report.counts('calloc') == self.run_busy(4000).counts('calloc')

    def test_not_a_size(self):
        run = self.trace('busy.py', '400', PYMEMFLOW_RING='big')
        assert (run.status, run.stdout, run.files) == (4, 'out\n', [])
        assert run.stderr == ('pymemflow: PYMEMFLOW_RING=big is not a size (4096, 1.5MB, '
                              '32MiB); this program runs untraced\n')


def sections(report):
    """The text of the distributions, by heading; records by engine caller as a multiset, without
    addresses: these differ from run to run."""
    text = re.sub(r'\npymemflow: .*', '', report.distributions)
    parts = re.split(r'^(Python .*:)$', text, flags=re.M)
    result = {}
    for heading, body in zip(parts[1::2], parts[2::2]):
        if 'engine caller' in heading:
            body = collections.Counter(re.sub('0x[0-9a-f]+', '0x', body).split('\n\n'))
        result[heading] = body
    return result


class TestSums(Case):
    def test_distributions_are_those_of_the_events(self):
        for count in (400, self.many):
            with_flow = self.run_busy(count)
            without = self.run_busy(count, PYMEMFLOW_FLOW='0')
            assert without.lines == []
            assert sections(without) == sections(with_flow)
            assert without.recorded == with_flow.recorded
            later = self.reported()
            assert (later.lines, sections(later)) == ([], sections(without))
            assert ('pymemflow: recorded with PYMEMFLOW_FLOW=0: there are no events, only '
                    'their sums\n') in later.text

    def test_room_does_not_grow(self):
        sizes = set()
        for count in (self.many, 2 * self.many):
            self.run_busy(count, PYMEMFLOW_FLOW='0')
            sizes.add(self.size())
        # A site that one run has and the other has not takes some words.
        assert max(sizes) - min(sizes) < 1024, sizes
        assert max(sizes) < 1 << 20
