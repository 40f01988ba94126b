"""Small objects of Python, which --domains records: growth judges them, the end of the process does not."""
import json

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


class TestObjects(cases.Case):
    def gate(self, *options, domains='mem,obj'):
        script = self.write('grows.py', GROWS)
        done = self.cli('gate', *options, '--json', self.path('out.json'), '--', self.python.path, script,
                        env=dict(self.environment, PYTHONMALLOC='pymalloc',
                                 PYMEMFLOW_DOMAINS=domains))
        with open(self.path('out.json'), encoding='utf-8') as file:
            return done, json.load(file)

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
