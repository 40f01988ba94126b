"""Small objects of Python, which --domains records: growth judges them, the end of the process does not."""
import json
import re

import pytest

import cases

pytestmark = [pytest.mark.known_python, pytest.mark.one_python]
GROWS = '''
import ctypes
mark = ctypes.CDLL(None).pymemflow_mark
kept = []
def grow():
    for i in range(2000): kept.append((i, str(i)))  # 72 and 50 bytes or so
for turn in range(8):
    mark(b'round')
    grow()
mark(b'round')
'''


class Case(cases.Case):
    def gate(self, *options, domains=None, program=GROWS):
        script = self.write('grows.py', program)
        environment = dict(self.environment, PYTHONMALLOC='pymalloc')
        if domains is not None:
            environment['PYMEMFLOW_DOMAINS'] = domains
        done = self.cli('gate', *options, '--json', self.path('out.json'), '--', self.python.path, script,
                        env=environment)
        with open(self.path('out.json'), encoding='utf-8') as file:
            return done, json.load(file)


class TestObjects(Case):

    def test_growth_is_over_the_limit(self):
        done, told = self.gate('--max-growth', '64KiB')
        assert (done.status, told['verdict']) == (1, 'over'), done
        assert 'grows.py:6 grow' in done.stdout + done.stderr
        assert told['processes'][0]['set_aside']['object']['blocks'] > 0

    def test_an_end_sets_them_aside(self):
        done, told = self.gate('--max-leak', '64KiB', '--no-children')
        objects = told['processes'][0]['set_aside']['object']
        assert (done.status, told['verdict']) == (0, 'passed'), done
        assert objects['blocks'] > 0
        _, told = self.gate('--max-leak', '64KiB', '--no-children', domains='none')
        assert told['processes'][0]['set_aside']['object'] == {'bytes': 0, 'blocks': 0}

    def test_objects_in_arenas_count_once_in_the_peak(self):
        _, told = self.gate('--max-peak', '1GiB')
        _, other = self.gate('--max-peak', '1GiB', domains='none')
        memory, without = (each['processes'][0]['memory'] for each in (told, other))
        assert memory['peak_bytes'] == sum(memory['peak_%s_bytes' % part]
                                           for part in ('blocks', 'arenas', 'mapped'))
        assert abs(memory['peak_bytes'] - without['peak_bytes']) < 1 << 20

    def test_an_allocation_of_a_small_object_is_none_of_the_limited_ones(self):
        program = 'import ctypes\nctypes.CDLL(None).malloc(100)\nkept = [(i, str(i)) for i in range(100000)]\n'
        _, told = self.gate('--max-allocations', '1', program=program)
        _, other = self.gate('--max-allocations', '1', program=program, domains='none')
        with_objects, without = (each['processes'][0]['findings'][0]['value'] for each in (told, other))
        assert abs(with_objects - without) < 2000 < without

    def test_a_peak_of_small_dicts(self):
        program = '''
def load():
    return [{'a': i} for i in range(400000)]
load()
'''
        done, told = self.gate('--max-peak', '50MiB', program=program)
        assert (done.status, told['verdict']) == (1, 'over'), done
        assert re.search(r'held up to \d+ bytes: .* of Python\'s arenas, .*at event \d+ in grows.py:3 ', done.stderr), done


LOOP = '''
import ctypes, functools, gc, random, collections
mark = ctypes.CDLL(None).pymemflow_mark
def rounds(number, work, calls):
    for turn in range(number):
        gc.collect()
        mark(b'round')
        for call in range(calls): work(turn * calls + call)
    gc.collect()
    mark(b'round')
'''


class TestGrowth(Case):
    """Leaks of objects are found, and what a program replaces, or takes from a free list, is no growth."""

    @pytest.mark.parametrize('work', [
        # A cache of the standard library that fills in the third of five rounds.
        '''
import re
rounds(5, lambda i: re.search('a{%d}b{%d}' % (random.randrange(1, 300), random.randrange(1, 300)), ''), 200)''',
        '''
@functools.lru_cache(maxsize=100)
def render(i): return ['x' * (i % 90), str(i)]
rounds(6, lambda i: render(random.randrange(5000)), 300)''',
        # The lists that the comprehensions make go to a free list, from where the carts take them.
        '''
sessions = {}
def work(i):
    sessions[i] = {'at': i, 'cart': [j * 1000 for j in range(random.randrange(6))]}
    for key in [key for key, each in sessions.items() if each['at'] < i - 90]: del sessions[key]
rounds(10, work, 100)''',
        'latest = collections.deque(maxlen=500)\n'
        "rounds(6, lambda i: latest.append({'name': 'y' * random.randrange(100)}), 700)",
        # A first use in the third round, and a table that doubles.
        'table = {}\nkept = []\n'
        'rounds(8, lambda i: (kept.extend(map(str, range(3000, 5000))) if i == 2 else None, '
        'table.update({i % 4: i}), kept.sort()), 1)',
    ], ids=['re', 'full', 'free', 'window', 'first'])
    def test_what_does_not_leak(self, work):
        done, told = self.gate('--max-growth', '4KiB', program=LOOP + work)
        assert (done.status, told['verdict']) == (0, 'passed'), done

    @pytest.mark.parametrize('rounds', [3, 6, 20])
    def test_a_leak_beside_a_full_cache(self, rounds):
        work = '''
kept = []
@functools.lru_cache(maxsize=50)
def render(i): return ['x' * (i % 90), str(i)]
def forget(i):
    kept.append((i, float(i)))
def work(i):
    render(random.randrange(5000))
    forget(i)
'''
        work += 'rounds(%d, work, 200)' % rounds
        done, told = self.gate('--max-growth', '4KiB', program=LOOP + work)
        assert (done.status, told['verdict']) == (1, 'over'), done
        sites = told['processes'][0]['growth']['sites']
        assert 'forget' in [site['function'] for site in sites[:2]], sites

    def test_repeated_programs_do_not_grow(self):
        """Names that a program makes up stay in the cache of methods."""
        program = '''
import argparse, collections, json
class A: pass
for i in range(20): getattr(A, '__%s__' % ('a' * i), None)
argparse.ArgumentParser().parse_args([])
json.dumps([1] * 1000)
'''
        done, told = self.gate('--repeat', '6', '--max-growth', '0', program=program)
        assert (done.status, told['verdict']) == (0, 'passed'), done
