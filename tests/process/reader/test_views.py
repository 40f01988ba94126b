"""Moments and ranges of a record: reports of real programs at a mark, at the peak, at a time, and between two
moments. The amounts are those that the programs ask for."""
import json
import os
import re

import pytest

import cases
import heads
import runs

pytestmark = pytest.mark.known_python
# Each function of the program has blocks of a size of its own.
PROGRAM = heads.HEAD + '''
import sys, threading
def before(): return malloc(70001)
def load():
    blocks = []
    for _ in range(5): blocks.append(malloc(80001))
    return blocks
def peak():
    blocks = []
    for _ in range(20): blocks.append(malloc(900001))
    return blocks
def turn(old):
    free(old)
    return malloc(60001)
pymemflow.mark('warm up')
first = before()
with pymemflow.trace('load'):
    loaded = load()
    free(loaded.pop())
pymemflow.mark('loaded')
for block in peak():
    free(block)
old = malloc(60001)
for number in range(4):
    with pymemflow.trace('round'):
        old = turn(old)
        def nested():
            with pymemflow.trace('inner'):
                malloc(50001)
        thread = threading.Thread(target=nested)
        thread.start()
        thread.join()
free(first)
pymemflow.mark('done')
for block in loaded: free(block)
'''


class TestViews(cases.Case):
    @pytest.fixture(autouse=True)
    def capture(self, fixtures):
        self.capture = self.path('capture')
        run = self.trace.code(PROGRAM, output=None, PYMEMFLOW_CAPTURE=self.capture, PYMEMFLOW_STACK='native')
        assert (run.status, run.stderr) == (0, ''), run.stderr

    def report(self, format, *options):
        done = self.cli('report', '--format', format, *options, self.capture)
        assert (done.status, done.stderr) == (0, ''), done
        return done.stdout

    def sites(self, *options, amount='live'):
        """The amounts of the functions of the program, as {function: (bytes, blocks)}."""
        profile = json.loads(self.report('json', '--by', 'function', *options))
        found = {}
        for site in profile['sites']:
            if site.get('file') == '<string>' and site[amount]['blocks']:
                found[site['function']] = (site[amount]['bytes'], site[amount]['blocks'])
        return {name: found[name] for name in found if name in ('before', 'load', 'peak', 'turn', 'nested')}

    def test_what_was_live_at_a_mark(self):
        assert self.sites('--at=warm up') == {}
        assert self.sites('--at=load') == {'before': (70001, 1), 'load': (320004, 4)}
        assert self.sites('--at=loaded') == self.sites('--at=loaded:1') == self.sites('--at=load')
        assert self.sites('--at=round:2') == {
            'before': (70001, 1), 'load': (320004, 4), 'turn': (60001, 1), 'nested': (100002, 2)}
        assert self.sites('--at=done') == {'load': (320004, 4), 'turn': (60001, 1), 'nested': (200004, 4)}
        assert self.sites('--at=end') == self.sites() == {'turn': (60001, 1), 'nested': (200004, 4)}

    def test_what_was_live_at_the_peak(self):
        expected = {'before': (70001, 1), 'load': (320004, 4), 'peak': (18000020, 20)}
        assert self.sites('--at=peak') == expected
        assert self.sites('--metric=peak', amount='peak') == expected
        profile = json.loads(self.report('json', '--metric=peak'))
        assert sum(site['peak']['bytes'] for site in profile['sites']) == profile['peak']['bytes']
        tree = self.report('tree', '--metric=peak')
        assert re.match(r' *%d  100\.0%%  bytes alive at the peak, by' % profile['peak']['bytes'], tree)
        folded = self.report('folded', '--metric=peak')
        assert sum(int(line.rpartition(' ')[2]) for line in folded.splitlines()) == profile['peak']['bytes']
        assert re.search(r'(?m)^ +18000020 +20 +<string>:\d+ peak$',
                         self.report('summary', '--metric=peak'))

    def test_growth_between_marks(self):
        assert self.sites('--from=load', '--to=load') == {'load': (320004, 4)}
        assert self.sites('--from=load', '--to=load', amount='allocated') == {'load': (400005, 5)}
        assert self.sites('--from=round:2', '--to=round:3') == {'turn': (60001, 1), 'nested': (100002, 2)}
        assert self.sites('--from=round:2', '--to=round:3', amount='freed') == {'turn': (60001, 1)}
        assert self.sites('--from=inner:4', '--to=inner:4') == {'nested': (50001, 1)}
        assert self.sites('--from=loaded', amount='freed') == {'before': (70001, 1), 'load': (320004, 4)}
        profile = json.loads(self.report('json', '--from=loaded', '--to=done'))
        range_ = profile['range']
        assert range_['live_after']['bytes'] == (
            range_['live_before']['bytes'] - range_['freed']['bytes'] + profile['live']['bytes'])
        assert sum(site['freed']['bytes'] for site in profile['sites']) == range_['freed']['bytes']
        assert sum(site['live']['bytes'] for site in profile['sites']) == profile['live']['bytes']

    def test_flow_lines_and_distributions_between_marks(self):
        lines = [line for line in self.report('flow', '--from=load', '--to=load').splitlines() if '(80001)' in line]
        assert len(lines) == 5 and all('-> load malloc(80001)' in line for line in lines)
        assert '(70001)' not in self.report('flow', '--from=load')
        assert '(80001)' not in self.report('flow', '--to=warm up')
        whole = self.report('flow', '--flow-columns=event').splitlines()
        part = self.report('flow', '--flow-columns=event', '--from=loaded', '--to=done').splitlines()
        assert {line for line in part if ' -> ' in line} <= set(whole)
        sections = self.report('distributions', '--from=inner:4', '--to=inner:4')
        assert 'nested, bytes total = 50001 ' in sections and 'load, ' not in sections

    def test_a_time_claims_no_more_than_the_clock(self):
        text = self.report('summary', '--at=1ms')
        found = re.search(r'moment: +0\.001 s \(between clock readings at ([\d.]+) s and ([\d.]+) s\), after event', text)
        assert float(found.group(1)) <= 0.001 <= float(found.group(2))
        assert self.sites('--at=1000s') == self.sites()
        assert ', which is after the last clock reading, at ' in self.report('summary', '--at=1000s')
        assert self.sites('--at=0s') == {}

    def test_mapped_memory(self):
        profile = json.loads(self.report('json', '--metric=mapped'))
        mapped = sum(site['mapped']['bytes'] for site in profile['sites'])
        assert mapped == profile['mappings']['memory']['bytes'] > 0
        folded = self.report('folded', '--metric=mapped')
        assert sum(int(line.rpartition(' ')[2]) for line in folded.splitlines()) == mapped
        then = json.loads(self.report('json', '--metric=mapped', '--at=warm up'))
        assert sum(site['mapped']['bytes'] for site in then['sites']) == then['mappings']['memory']['bytes']

    def test_a_moment_that_is_not_there(self):
        for options, text in [
                (['--at=lod'], "has no mark 'lod' (--at); the nearest ones are "),
                (['--at=round:5'], "has 4 marks 'round end', and no number 5 (--at)"),
                (['--from=done', '--to=loaded'], "has mark 'done' (--from) after mark 'loaded' (--to)")]:
            done = self.cli('report', '--format=summary', *options, self.capture)
            runs.check_error(done, text)

    def test_a_traced_program_reports_on_a_moment_itself(self):
        run = self.trace.code(PROGRAM, output='folded.%p', PYMEMFLOW_FORMAT='folded', PYMEMFLOW_AT='loaded')
        text, = run.texts.values()
        assert sum(int(line.rpartition(' ')[2]) for line in text.splitlines() if ':' in line
                   and 'before' in line) == 70001
        run = self.trace.code(PROGRAM, output='folded.%p', PYMEMFLOW_FORMAT='folded', PYMEMFLOW_AT='lod',
                              TMPDIR=self.folder)
        assert (run.status, run.files) == (0, [])
        found = re.match(r"pymemflow: the record has no mark 'lod' \(--at\); .*\npymemflow: there is no report: the "
                         r'record is kept; print its report with: pymemflow report (.*)\n$', run.stderr)
        assert found, run.stderr
        kept = found.group(1)
        done = self.cli('report', '--format=folded', '--at=loaded', kept)
        os.unlink(kept)
        assert done.status == 0 and 'load' in done.stdout
