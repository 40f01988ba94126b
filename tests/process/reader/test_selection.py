"""Reports on a part of the calls: by pattern, thread, size and leak, in every format, of real programs."""
import json
import re

import pytest

import cases
import heads

pytestmark = pytest.mark.known_python
PROGRAM = heads.HEAD + '''
import threading
def small():
    for _ in range(10): malloc(70001)
def large():
    for _ in range(10): malloc(90001)
def passing():
    for _ in range(10): free(malloc(80001))
def array():
    return [bytearray(60000) for _ in range(10)]
pymemflow.mark('begin')
small()
passing()
kept = array()
thread = threading.Thread(target=large)
thread.start()
thread.join()
pymemflow.mark('end of work')
'''


class TestSelection(cases.Case):
    @pytest.fixture(autouse=True)
    def capture(self, fixtures):
        self.capture = self.path('capture')
        run = self.trace.code(PROGRAM, output=None, PYMEMFLOW_CAPTURE=self.capture, PYMEMFLOW_STACK='native')
        assert (run.status, run.stderr) == (0, ''), run.stderr

    def report(self, format, *options, stderr=''):
        done = self.cli('report', '--format', format, *options, self.capture)
        assert (done.status, done.stderr) == (0, stderr), done
        return done.stdout

    def live(self, *options):
        """{function: live bytes} of the program's own functions."""
        profile = json.loads(self.report('json', '--by=function', '--at=end of work', *options))
        assert sum(site['live']['bytes'] for site in profile['sites']) == profile['selected']['live']['bytes']
        return {site['function']: site['live']['bytes'] for site in profile['sites']
                if site.get('file') == '<string>' and site['live']['bytes'] > 50000}

    def lines(self, *options):
        """The numbers of malloc() lines by their size."""
        sizes = re.findall(r'-> (?:small|large|passing) malloc\((\d+)\)', self.report('flow', *options))
        return {size: sizes.count(size) for size in sizes}

    def test_patterns(self):
        assert self.live('--only=small') == {'small': 700010}
        assert self.live('--only=small,large') == self.live('--only=small', '--only=large') == {
            'small': 700010, 'large': 900010}
        assert set(self.live('--only=<string>', '--ignore=*:small')) >= {'large'}
        assert 'small' not in self.live('--only=<string>', '--ignore=*:small')
        assert self.lines('--only=small') == {'70001': 10}
        assert self.lines('--only=passing', '--only=large') == {'80001': 10, '90001': 10}
        text = self.report('distributions', '--only=large')
        assert 'large, bytes total = 900010 ' in text and 'small' not in text

    def test_c_functions_and_modules(self):
        through_ctypes = self.live('--only=*_ctypes*')
        assert (through_ctypes['small'], through_ctypes['large']) == (700010, 900010)
        assert not {'array', '<listcomp>'} & set(through_ctypes)
        assert not {'small', 'large'} & set(self.live('--ignore=*_ctypes*'))

    def test_parts_add_up(self):
        def weights(*options):
            return sorted(self.report('folded', *options).splitlines())
        whole = weights()
        assert sorted(weights('--only=small') + weights('--ignore=small')) == whole
        assert sum(int(line.rpartition(' ')[2]) for line in weights('--inverted')) == sum(
            int(line.rpartition(' ')[2]) for line in whole)

    def test_threads(self):
        text = self.report('flow', '--flow-columns=thread')
        thread, = set(re.findall(r'(?m)^ *(\d+)/.*-> large malloc', text))
        assert self.lines('--thread', thread) == {'90001': 10}
        assert self.live('--thread=' + thread)['large'] == 900010
        assert 'small' not in self.live('--thread=' + thread)

    def test_sizes_and_leaks(self):
        assert self.lines('--min-size=80001') == {'80001': 10, '90001': 10}
        text = self.report('flow', '--min-size=80KiB')
        assert 'malloc(90001)' in text and 'passing' not in text
        assert self.report('flow', '--min-size=80000').count('-> passing free(') == 10
        assert self.live('--min-size=80000') == {'large': 900010}
        assert self.lines('--leaked') == {'70001': 10, '90001': 10}
        leaked = json.loads(self.report('json', '--leaked'))
        assert leaked['metric'] == 'leaked'
        assert self.report('folded', '--leaked') == self.report('folded', '--metric=leaked')

    def test_limit(self):
        assert len(json.loads(self.report('json', '--limit=3'))['sites']) == 3
        assert len(self.report('folded', '--limit=3').splitlines()) == 3
        text = self.report('flow', '--limit=5')
        assert text.count(' pntr ') + text.count('free(') == 5
        assert re.search(r'(?m)^pymemflow: \d+ more lines are left out \(--limit\)$', text)

    def test_a_pattern_that_matches_nothing_is_named(self):
        assert self.report('folded', '--only=smal', stderr='pymemflow: --only smal matches nothing in the record\n') == ''
        assert 'pymemflow: --ignore nobody* matches nothing in the record\n' in self.report(
            'summary', '--ignore=nobody*')

    def test_a_traced_program_selects_itself(self):
        run = self.trace.code(PROGRAM, output='folded.%p', PYMEMFLOW_FORMAT='folded', PYMEMFLOW_ONLY='small,large',
                              PYMEMFLOW_MIN_SIZE='80000', PYMEMFLOW_METRIC='total')
        text, = run.texts.values()
        assert (run.status, run.stderr) == (0, '')
        assert sum(int(line.rpartition(' ')[2]) for line in text.splitlines()) == 900010
