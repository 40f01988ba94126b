"""The line of an event when the GIL is not held or Python never ran: several threads at a time, calls
that release the GIL, threads of C alone. Events without a Python frame are counted by the function and
file of their caller."""
import os
import re

import pytest

import cases

pytestmark = pytest.mark.stable_abi
PRELUDE = '''\
import ctypes, hashlib, sys, threading, time, zlib
import cMemLeak
victim = ctypes.CDLL({victim!r})  # its calls let go of the GIL
stripped = ctypes.CDLL({stripped!r})
holding = ctypes.PyDLL({victim!r})
for library in (victim, stripped, holding):
    library.victim_global.argtypes = (ctypes.c_size_t,)
    library.victim_threads.argtypes = library.victim_slowly.argtypes = (ctypes.c_int, ctypes.c_size_t)
'''

C_THREADS = '''
def start_c_threads():
    victim.victim_threads(20, 3000000)
    stripped.victim_threads(20, 3000100)
    victim.victim_global(3000200)
    holding.victim_global(3000300)
start_c_threads()
'''

# Each function is run by a thread; the comment on a line is the size of the events to expect there.
GIL = '''
go = threading.Barrier(6)

def sleeper():
    go.wait()
    for _ in range(200):
        cMemLeak.free(cMemLeak.malloc(4000000))  # 4000000
        time.sleep(0.0002)

def waiter():
    go.wait()
    for _ in range(20):
        victim.victim_slowly(10, 4100000)  # 4100000

def holder():
    go.wait()
    for _ in range(20):
        holding.victim_slowly(2, 4150000)  # 4150000
        time.sleep(0)

def busy():
    go.wait()
    for i in range(3000):
        cMemLeak.free(
            cMemLeak.malloc(4200000))  # 4200000

def compressor():
    data = bytes(range(256)) * 4000
    go.wait()
    for _ in range(20):
        cMemLeak.free(cMemLeak.malloc(4300000))  # 4300000
        zlib.compress(data)  # zlib
        hashlib.sha256(data).digest()

def caller_back():
    go.wait()
    function = ctypes.CFUNCTYPE(None)(called_back)
    for _ in range(100):
        function()

def called_back():
    cMemLeak.free(cMemLeak.malloc(4400000))  # 4400000

def starter():
    def started():
        cMemLeak.free(cMemLeak.malloc(4500000))  # 4500000
    for _ in range(100):
        thread = threading.Thread(target=started)
        thread.start()
        thread.join()

threads = [threading.Thread(target=function)
           for function in (sleeper, waiter, holder, busy, compressor, caller_back)]
[thread.start() for thread in threads]
starter()
[thread.join() for thread in threads]
'''


class TestThreads(cases.Case):
    @pytest.fixture(autouse=True)
    def libraries(self, fixtures):
        self.victim, self.stripped = self.build.path('victim'), self.build.path('victim_stripped')
        self.prelude = PRELUDE.format(victim=self.victim, stripped=self.stripped)

    def run_program(self, body, **options):
        source = self.prelude + body
        run = self.trace(self.write('program.py', source), **options)
        assert (run.status, run.stdout, run.stderr) == (0, '', '')
        assert run.report.lost == 0
        run.report.check_sums()
        return source.split('\n'), run.report

    def sized(self, report, size):
        return [event for event in report.events
                if not event.name.startswith('free') and event.arguments[-1] == size]

    def test_threads_of_c(self):
        lines, report = self.run_program(C_THREADS)
        # On the C threads: no Python line, and the right function.
        for size in (3000000, 3000001, 3000100, 3000101):
            assert self.sized(report, size) == []
        assert report.of_engine('malloc', 'victim_global') == {
            (os.path.basename(self.victim), 'victim_global'): (20 * 3000000, 20),
            # Exported, so its name is left.
            (os.path.basename(self.stripped), 'victim_global'): (20 * 3000100, 20)}
        # Not exported: by the symbol table.
        assert report.of_engine('calloc', 'victim_static') == {
            (os.path.basename(self.victim), 'victim_static'): (20 * 3000001, 20)}
        bare = {key: record for key, record in report.sections['calloc', 'engine'].items()
                if key[0] == os.path.basename(self.stripped)}
        assert list(bare.values()) == [(20 * 3000101, 20)]
        assert all(re.match('^0x[0-9a-f]+$', symbol) for _, symbol in bare), bare
        # The same functions on a thread of Python: its line, with the GIL and without.
        for size in (3000200, 3000300):
            events = self.sized(report, size)
            assert [(event.function, str(size) in lines[event.line - 1])
                    for event in events] == [('start_c_threads', True)]

    def test_what_was_counted_without_flow(self):
        """Without flow lines the sections are the same, apart from what differs between any two runs."""
        _, with_flow = self.run_program(C_THREADS)
        run = self.trace.code(self.prelude + C_THREADS, PYMEMFLOW_FLOW='0')
        assert (run.status, run.stdout, run.stderr) == (0, '', '')
        without = run.report
        assert without.events == []
        for function, symbol in (('malloc', 'victim_global'), ('calloc', 'victim_static')):
            assert without.of_engine(function, symbol) == with_flow.of_engine(function, symbol)
            assert without.of_engine(function, symbol)

    def test_gil(self):
        lines, report = self.run_program(GIL)
        counts = {4000000: 200, 4100000: 200, 4150000: 40, 4200000: 3000, 4300000: 20,
                  4400000: 100, 4500000: 100}
        for size, count in counts.items():
            number = [i for i, line in enumerate(lines, 1) if line.endswith('# %d' % size)]
            assert len(number) == 1
            events = self.sized(report, size)
            assert {(event.file, event.line) for event in events} == {('program.py', number[0])}, size
            assert len(events) == count, size
        # zlib's state is allocated with the GIL held or not, by version: in that line either way.
        zlib_line = [i for i, line in enumerate(lines, 1) if line.endswith('# zlib')][0]
        window = [event for event in report.events
                  if event.line == zlib_line and event.function == 'compressor'
                  and not event.name.startswith('free')]
        assert len(window) >= 20
        by_line = {event.line for event in report.events if event.function == 'compressor'}
        first = lines.index('def compressor():') + 1
        assert by_line <= set(range(first, first + 8))

    def test_a_block_changes_hands(self):
        """One thread allocates a block, another frees it: the report has the two calls in that order."""
        _, report = self.run_program('''
import queue
blocks = queue.Queue(4)
def taker():
    while True:
        block = blocks.get()
        if block is None:
            return
        cMemLeak.free(block)
threads = [threading.Thread(target=taker) for _ in range(3)]
[thread.start() for thread in threads]
for i in range(6000):
    blocks.put(cMemLeak.malloc(5000 + i % 3))
[blocks.put(None) for thread in threads]
[thread.join() for thread in threads]
''')
        alive = {}
        handed_over = 0
        for event in report.events:
            if event.name == 'free' and event.function == 'taker':
                handed_over += event.arguments[0] in alive
                alive.pop(event.arguments[0], None)
            elif event.name == 'malloc' and event.arguments[0] in (5000, 5001, 5002):
                assert event.result not in alive, 'handed out while in use'
                alive[event.result] = event
        assert (handed_over, alive) == (6000, {})
