"""The line of many events in a row from one place without the GIL: each has the line of its own thread, or
the C function that called, also when thread states come and go, around fork(), and beside a subinterpreter."""
import os
import re
import subprocess

import pytest

import cases

TIMES = 5  # of take() in without_gil.c
ROUNDS = 30
SOURCE = '''\
import ctypes, sys, threading
released = ctypes.CDLL({library!r})
holding = ctypes.PyDLL({library!r})
SIZE = ctypes.c_size_t
CALLBACK = ctypes.CFUNCTYPE(None)
for library in (released, holding):
    library.take.argtypes = library.fork_and_take.argtypes = (SIZE,)
    library.run_thread.argtypes = (ctypes.c_int, SIZE, CALLBACK)

def called_back():
    released.take(6000010)  # 6000010
    holding.take(6000011)  # 6000011

released.run_thread({rounds}, 6000000, CALLBACK(called_back))

def in_turn():
    for _ in range({rounds}):
        released.take(6000020)  # 6000020
        holding.take(6000021)  # 6000021
        released.take(6000022)  # 6000022

threads = [threading.Thread(target=in_turn) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]

code = released.fork_and_take(6000030)  # 6000030 6000031
if code != 7:
    sys.exit('the child ended with %d' % code)
'''
SUBINTERPRETER = '''
try:
    from _testcapi import run_in_subinterp
except ImportError:
    run_in_subinterp = None
if run_in_subinterp:
    inner = """
import ctypes
released, holding = ctypes.CDLL({library!r}), ctypes.PyDLL({library!r})
def inside():
    released.take(6000040)
    holding.take(6000041)
inside()
"""
    if run_in_subinterp(inner) != 0:
        sys.exit('the subinterpreter failed')
    released.take(6000050)  # 6000050
'''
GREENLET = '''
import greenlet

def switched():
    for _ in range({rounds}):
        released.take(6000060)  # 6000060
        greenlet.getcurrent().parent.switch()

one, two = greenlet.greenlet(switched), greenlet.greenlet(switched)
for _ in range({rounds}):
    one.switch()
    two.switch()
    released.take(6000061)  # 6000061
'''

class TestWithoutGil(cases.Case):
    @pytest.fixture(autouse=True)
    def library(self, fixtures):
        self.library = self.build.path('without_gil')

    def run_program(self, *parts):
        source = ''.join(parts).format(library=self.library, rounds=ROUNDS)
        run = self.trace(self.write('program.py', source))
        assert (run.status, run.stdout) == (0, ''), run.stderr
        assert run.report.lost == 0
        run.report.check_sums()
        return source.split('\n'), run.report

    def counts(self, report, size):
        """{(file, line): events of malloc() with this size}"""
        counts = {}
        for event in report.events:
            if event.name == 'malloc' and event.arguments == (size,):
                place = (event.file, event.line)
                counts[place] = counts.get(place, 0) + 1
        return counts

    def has(self, module):
        command = [self.python.path, '-c', 'import ' + module]
        return subprocess.call(command, stderr=subprocess.DEVNULL) == 0

    def check_line(self, lines, report, size, count):
        numbers = [number for number, line in enumerate(lines, 1) if re.search('#.* %d' % size, line)]
        assert self.counts(report, size) == {('program.py', numbers[0]): count}, size

    def test_own_line_or_caller(self):
        lines, report = self.run_program(SOURCE)
        # The thread of C, before and after the state that it had: no line, and the right function.
        for size in (6000000, 6000001):
            assert self.counts(report, size) == {}
        bytes_of_both = ROUNDS * TIMES * (6000000 + 6000001)
        assert report.of_engine('malloc', 'take') == {
            (os.path.basename(self.library), 'take'): (bytes_of_both, 2 * ROUNDS * TIMES)}
        for size in (6000010, 6000011):
            self.check_line(lines, report, size, ROUNDS * TIMES)
        for size in (6000020, 6000021, 6000022):
            self.check_line(lines, report, size, 4 * ROUNDS * TIMES)
        for size in (6000030, 6000031):
            self.check_line(lines, report, size, TIMES)

    def test_beside_a_subinterpreter(self):
        lines, report = self.run_program(SOURCE, SUBINTERPRETER)
        self.check_line(lines, report, 6000022, 4 * ROUNDS * TIMES)
        if not self.has('_testcapi'):
            return
        self.check_line(lines, report, 6000050, TIMES)
        assert self.counts(report, 6000041) == {('<string>', 6): TIMES}
        # Up to 3.11 a thread without the GIL cannot tell in which interpreter it is.
        expected = {} if self.python.version < (3, 12) else {('<string>', 5): TIMES}
        assert self.counts(report, 6000040) == expected

    def test_greenlet(self):
        if not self.has('greenlet'):
            pytest.skip('no greenlet')
        lines, report = self.run_program(SOURCE, GREENLET)
        self.check_line(lines, report, 6000060, 2 * ROUNDS * TIMES)
        self.check_line(lines, report, 6000061, ROUNDS * TIMES)
