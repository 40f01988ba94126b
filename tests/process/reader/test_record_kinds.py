"""Gaps in a record, and kinds of records that are reserved: what readers of this version do with them."""
import json

import pytest

import cases
import made_capture as made

pytestmark = [pytest.mark.one_python, pytest.mark.known_python]
SAMPLING, GAP, TYPE, BLOCK_TYPE = 22, 23, 24, 25
SITE = made.site(1, 'main.py', 10, 'main')
CALL = made.malloc(0x1000, 1, 100)


class TestRecordKinds(cases.Case):
    def make(self, events, definitions=SITE, name='c'):
        with open(self.path(name), 'wb') as file:
            file.write(made.capture(definitions, events, has_stacks=False))
        return self.path(name)

    def check_refused(self, gap):
        done = self.cli('gate', '--max-leak=1GiB', '--json', self.path('json'), self.path('c'))
        assert done.status == 2 and 'the record is incomplete (%s)' % gap in done.stderr, done.stderr
        with open(self.path('json'), encoding='utf-8') as file:
            verdict = json.load(file)
        assert verdict['verdict'] == 'cannot judge'
        return verdict['processes'][0]

    def trailer(self):
        return [line for line in self.cli('report', self.path('c')).stdout.splitlines() if line.startswith('pymemflow: ')]

    def test_without_them(self):
        self.make(CALL)
        assert self.trailer() == ['pymemflow: 1 events recorded, 0 lost']
        assert self.cli('gate', '--max-leak=1GiB', self.path('c')).status == 0

    @pytest.mark.parametrize('count', [1, 2])
    def test_gaps(self, count):
        self.make(CALL + count * made.extended(GAP, 1, made.words(1000, 2000)) + made.malloc(0x2000, 1, 100))
        gaps = '1 gap' if count == 1 else '2 gaps'
        assert self.trailer() == [
            'pymemflow: the record has %s: calls of these times, and what they freed, are missing' % gaps,
            'pymemflow: 2 events recorded, 0 lost']
        assert self.check_refused(gaps + ' without calls')['gaps'] == count
        done = self.cli('diff', self.path('c'), self.make(CALL, name='d'))
        assert done.status == 2 and 'not compared, because the record has %s without calls' % gaps in done.stderr

    def test_gap_until_the_end(self):
        self.make(CALL + made.extended(GAP, 1, made.words(1000, 0)))
        assert 'has 1 gap:' in self.trailer()[0]

    def test_samples_are_left_out(self):
        """Until the distance is 0, or the block ends."""
        samples = made.extended(SAMPLING, 0, made.words(524288)) + made.malloc(0x2000, 1, 100)
        self.make(CALL + samples + made.extended(SAMPLING, 0, made.words(0)) + made.malloc(0x3000, 1, 100))
        assert self.trailer() == ['pymemflow: 2 events recorded, 0 lost, 1 left out']
        self.check_refused('1 event left out')

    def test_types_are_skipped(self):
        name = made.extended(TYPE, 1, made.text(0, 'dict')[8:])
        self.make(CALL + made.extended(BLOCK_TYPE, 1, made.words(0x1000)), SITE + name)
        assert self.trailer() == ['pymemflow: 1 events recorded, 0 lost']
        assert self.cli('gate', '--max-leak=1GiB', self.path('c')).status == 0

    @pytest.mark.parametrize('record', [
        made.extended(GAP, 1, made.words(1000)), made.extended(GAP, 1, made.words(2000, 1000)),
        made.extended(SAMPLING, 0), made.extended(BLOCK_TYPE, 1), made.extended(TYPE, 1, made.words(1 << 63)),
        made.extended(26, 0), made.extended(31, 0)])
    def test_damaged_ones(self, record):
        self.make(CALL + record)
        assert self.trailer() == ['pymemflow: 1 events recorded, 0 lost, damaged in 1 place']
        self.check_refused('damaged in 1 place')

    @pytest.mark.parametrize('record', [
        made.extended(TYPE, 1), made.extended(17, 1), made.extended(17, 1, made.words(0)),
        made.extended(17, 1, made.words(*range(10))), made.extended(GAP, 1, made.words(1000, 2000))])
    def test_damaged_definitions(self, record):
        self.make(CALL, SITE + record)
        assert self.trailer() == ['pymemflow: 1 events recorded, 0 lost, damaged in 1 place']
