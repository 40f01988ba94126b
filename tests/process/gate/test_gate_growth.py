"""pymemflow gate --max-growth: what grows in each round of a program fails, and warm-up, caches and tables pass."""
import json
import os
import re
import xml.etree.ElementTree

import pytest

import built
import cases
import heads
import json_schema

pytestmark = pytest.mark.known_python
with open(os.path.join(built.ROOT, 'docs', 'gate.schema.json'), encoding='utf-8') as file:
    SCHEMA = json.load(file)
HEAD = heads.HEAD + '''
import ctypes, sys
def rounds(number, work):
    for i in range(number):
        pymemflow.mark('round')
        work(i)
    pymemflow.mark('round')
'''


class Case(cases.Case):
    def capture_of(self, program, **options):
        path = self.path('capture.%d' % len(os.listdir(self.folder)))
        run = self.trace.code(HEAD + program, output=None, PYMEMFLOW_CAPTURE=path, **options)
        assert (run.status, run.stderr) == (0, '')
        return path

    def judge(self, program, limit, *words):
        """The verdict on the process, and what was printed."""
        path = self.path('verdict.json')
        done = self.cli('gate', '--max-growth', limit, '--json', path, *words, self.capture_of(program))
        verdict = json.loads(self.read('verdict.json'))
        json_schema.check(verdict, SCHEMA)
        process, = verdict['processes']
        return done, process


class TestFails(Case):
    def test_one_block_in_two_thousand_calls(self):
        done, process = self.judge('''
def handle(number):
    if number == 777: malloc(48)
def work(i):
    for number in range(2000): handle(number)
rounds(6, work)
''', '0')
        assert done.status == 1, done.stderr
        assert "\n  grows by 48 bytes per round, in " in done.stderr
        assert re.search(r'(?m)^            48         1    \d of \d  <string>:\d+ handle$', done.stderr)
        assert '  high confidence: 48 to 48 bytes a round, ' in done.stderr
        site, = process['growth']['sites']
        assert (site['bytes'], site['blocks'], site['confidence']) == (48, 1, 'high')
        assert site['growth']['bytes']['low'] == site['growth']['bytes']['high'] == 48

    def test_a_leak_beside_warm_up(self):
        done, process = self.judge('''
kept = []
def work(i):
    if i < 2: kept.append(bytes(1000000))
    malloc(3000)
rounds(7, work)
''', '1KiB')
        assert done.status == 1, done.stderr
        growth = process['growth']
        assert (growth['rounds'], growth['warm_up_rounds'], growth['confidence']) == (7, 2, 'high')
        assert 3000 <= growth['bytes'] < 3100
        assert growth['sites'][0]['function'] == 'work'
        assert " in 5 steady rounds of 'round' after 2 rounds of warm-up; " in done.stderr

    def test_few_rounds_are_of_low_confidence(self):
        done, process = self.judge('rounds(2, lambda i: malloc(5000))', '1KiB')
        assert done.status == 1, done.stderr
        assert 'low confidence: 5000 to 5000 bytes a round' in done.stderr
        assert process['growth']['sites'][0]['confidence'] == 'low'

    def test_a_cache_that_still_fills(self):
        done, _ = self.judge('''
cache = {}
rounds(5, lambda i: cache.update((i, malloc(20000)) for i in range(i * 50, i * 50 + 50)))
''', '64KiB')
        assert done.status == 1
        assert '  still growing after 5 rounds: ' in done.stderr

    def test_arenas_whose_blocks_double(self):
        done, process = self.judge('rounds(5, lambda i: malloc((1, 1, 2, 0, 4)[i] * 100000) if i != 3 else 0)', '1KiB')
        assert done.status == 1, done.stderr
        assert process['growth']['sites'][0]['confidence'] == 'low'


class TestPasses(Case):
    @pytest.mark.parametrize('work', [
        # A mark of another name before the rounds, and a cache that is filled once.
        "pymemflow.mark('start'); kept = [malloc(1000) for _ in range(100)]; rounds(5, lambda i: None)",
        'kept = []; rounds(6, lambda i: kept.append(bytes(100000)) if i == 0 else None)',
        'kept = []; rounds(6, lambda i: kept.append(bytes(100000)) if i == 3 else None)',
        'kept = []; rounds(7, lambda i: kept.extend(bytes(9000) for _ in range(9)) if i < 3 else None)',
        # The entries of a full cache are replaced.
        '''
cache = [None] * 100
def work(i):
    for number in range(100): cache[number] = bytes(1000 + i * number % 7)
rounds(6, work)''',
        # A table that doubles holds what does not grow.
        'table = [None]; rounds(9, lambda i: table.extend(table) if i in (1, 2, 4, 8) else None)',
    ], ids=['start', 'first', 'once', 'fills', 'full', 'table'])
    def test_what_does_not_leak(self, work):
        done, process = self.judge(work, '0')
        assert done.status == 0, done.stderr
        assert ', does not grow in ' in done.stderr
        assert process['growth']['bytes'] == 0


class TestCannotJudge(Case):
    @pytest.mark.parametrize('program, reason', [
        ('pass', 'it set no two marks of one name'),
        ("pymemflow.mark('a'); pymemflow.mark('b')", 'it set no two marks of one name'),
        ('rounds(1, lambda i: malloc(5000))', "it marked 1 round of 'round'"),
    ])
    def test_fewer_than_two_rounds(self, program, reason):
        done, process = self.judge(program, '1KiB')
        assert done.status == 2, done.stderr
        assert ': --max-growth cannot be judged: %s, and growth is judged from ' % reason in done.stderr
        assert [finding['is_judged'] for finding in process['findings']] == [False]

    def test_all_rounds_are_warm_up(self):
        done, process = self.judge('rounds(4, lambda i: malloc(5000))', '1KiB', '--warmup=3',
                                   '--junit', self.path('junit'))
        assert done.status == 2, done.stderr
        assert "it marked 4 rounds of 'round', 3 of them warm-up, and " in done.stderr
        suite = xml.etree.ElementTree.parse(self.path('junit')).getroot()
        assert (suite.get('failures'), suite.get('errors')) == ('0', '1')

    def test_the_user_names_the_warm_up(self):
        program = 'rounds(6, lambda i: malloc(5000) if i < 2 else None)'
        assert self.judge(program, '0', '--warmup=2')[1]['growth']['warm_up_rounds'] == 2
        done, process = self.judge('rounds(6, lambda i: malloc(5000))', '0', '--warmup=2')
        assert (done.status, process['growth']['warm_up_rounds']) == (1, 2)


class TestRepeat(Case):
    def repeat(self, limit, *words, times=5):
        return self.cli('gate', '--repeat=%d' % times, '--max-growth', limit, '--', self.python.path, *words,
                        env=self.environment, cwd=self.folder)

    def test_programs(self):
        self.environment['PYTHONPATH'] = os.path.join(built.ROOT, 'python') + ':' + self.build.examples
        leaky = 'import sys, _leaky\nprint(sys.argv[1:])\ndef leak():\n    _leaky.leaking(5000)\nleak()\n'
        script = self.write('leaky.py', leaky)
        for words in ([script, 'a', '-b'], ['-B', '-m', 'leaky', 'a', '-b'], ['-c', leaky, 'a', '-b']):
            done = self.repeat('1KiB', *words)
            assert done.status == 1, done.stderr
            assert done.stdout == 5 * "['a', '-b']\n"
            assert " steady rounds of 'repetition'" in done.stderr
            assert re.search(r'(?m)^          5000         1    \d of \d  .*:4 leak$', done.stderr), done.stderr
            assert 'runpy' not in done.stderr.split('\n')[0]

    def test_a_program_that_does_not_leak(self):
        script = self.write('clean.py', 'import json\njson.dumps([1] * 1000)\n')
        done = self.repeat('0', script)
        assert done.status == 0, done.stderr

    def test_an_exit_ends_the_repetition(self):
        done = self.repeat('0', '-c', 'raise SystemExit(7)')
        assert done.status == 7
        done = self.repeat('1KiB', '-c', 'raise SystemExit(0)')
        assert done.status == 0, done.stderr

    def test_needs_python(self):
        for words in (['gate', '--repeat=3', '--max-growth=1', '--', 'ls'],
                      ['gate', '--repeat=3', '--max-growth=1', '--', self.python.path]):
            done = self.cli(*words)
            assert (done.status, done.stdout) == (2, '')
            assert done.stderr.startswith('pymemflow: --repeat needs a Python program: ')
