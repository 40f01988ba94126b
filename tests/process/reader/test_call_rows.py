"""The formats csv and ndjson: a row for each call, with the numbers that --format json has."""
import csv
import io
import json

import pytest

import cases
import heads
import runs

pytestmark = pytest.mark.known_python

PROGRAM = '''
import ctypes
try:
    import pymemflow
    mark = pymemflow.mark
except ImportError:
    mark = lambda name: None
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.realloc.restype = libc.calloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.calloc.argtypes = [ctypes.c_size_t] * 2
libc.realloc.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
def calls():
    block = libc.malloc(77001)
    block = libc.realloc(block, 77002)
    libc.free(block)
    return libc.calloc(11, 7003)
calls()
'''
HEADING = 'event,after_ns,thread,call,bytes,address,released,file,line,function,library'


class TestCallRows(cases.Case):
    def record(self, program=PROGRAM, *words, **variables):
        done = self.cli('run', '--capture', self.path('c'), '--output', self.path('o'), *words, '--',
                        self.python.path, self.write('it.py', program), env=dict(self.environment, **variables))
        assert done.status == 0, done.stderr
        return self.path('c')

    def csv(self, capture):
        text = self.cli('report', '--format=csv', capture).stdout
        assert text.startswith(HEADING + '\n')
        return list(csv.DictReader(io.StringIO(text, newline='')))

    def objects(self, capture):
        text = self.cli('report', '--format=ndjson', capture).stdout
        return [json.loads(line) for line in text.splitlines()]

    def test_rows_are_the_calls_of_the_record(self):
        capture = self.record()
        rows, objects = self.csv(capture), self.objects(capture)
        profile = json.loads(self.cli('report', '--format=json', capture).stdout)
        assert len(rows) == len(objects) == profile['events'] == profile['record']['recorded']
        assert [int(row['event']) for row in rows] == list(range(1, len(rows) + 1))
        times = [int(row['after_ns']) for row in rows]
        assert 0 <= min(times) and max(times) < 600e9
        allocated = sum(int(row['bytes']) for row in rows if row['bytes'] and row['address'] != '0x0')
        assert allocated == profile['allocated']['bytes']
        live = {}
        for row in rows:
            live.pop(row['released'], None)
            if row['bytes'] and row['address'] != '0x0':
                live[row['address']] = int(row['bytes'])
        assert (sum(live.values()), len(live)) == (profile['live']['bytes'], profile['live']['blocks'])

    def test_columns(self):
        rows = self.objects(self.record())
        first, second, last = [next(row for row in rows if row.get('bytes') == size)
                               for size in (77001, 77002, 77033)]
        assert (first['call'], second['call'], last['call']) == ('malloc', 'realloc', 'calloc')
        assert second['released'] == first['address'] and 'released' not in first
        freed = next(row for row in rows if row['call'] == 'free' and row['event'] > second['event'] and
                     row['released'] == second['address'])
        assert 'bytes' not in freed and 'address' not in freed
        assert {(row['file'], row['function']) for row in (first, second, freed, last)} == {
            (self.path('it.py'), 'calls')}
        assert [row['line'] for row in (first, second, freed, last)] == [15, 16, 17, 18]

    def test_calls_without_a_python_line_have_their_c_function(self):
        rows = self.csv(self.record())
        others = [row for row in rows if not row['file']]
        assert others and all(row['function'] and row['library'].startswith('/') for row in others[:20])

    def test_marks(self):
        rows = self.objects(self.record(PROGRAM + 'mark("here")\nlibc.malloc(5)\n', PYTHONPATH=heads.PACKAGE))
        place, = [number for number, row in enumerate(rows) if row.get('mark') == 'here']
        assert set(rows[place]) == {'event', 'after_ns', 'thread', 'mark'}
        assert rows[place]['event'] == rows[place - 1]['event'] == rows[place + 1]['event'] - 1

    def test_names_out_of_the_program(self):
        program = 'exec(compile("def f(): return bytes(70000)", \'a,b"c\\nd\', "exec"))\nf()\n'
        row, = [row for row in self.csv(self.record(program)) if row['bytes'] == '70033']
        assert (row['file'], row['function']) == ('a,b"c\\nd', 'f')

    def test_sums_have_no_calls(self):
        done = self.cli('run', '--no-flow', '--capture', self.path('c'), '--', self.python.path, '-c', 'pass')
        assert done.status == 0, done.stderr
        runs.check_error(self.cli('report', '--format=csv', self.path('c')), 'holds no events')
        done = self.cli('run', '--no-flow', '--format=csv', '--', self.python.path, '-c', 'pass')
        runs.check_error(done, 'format csv needs every event', '--no-flow')

    def test_is_not_for_compat(self):
        done = self.cli('run', '--compat=dtrace', '--format=csv', '--', self.python.path, '-c', 'pass')
        runs.check_error(done, '--compat', 'which has no such format')
