"""The module pymemflow and the C API behind it: their results in a process that is traced, and in one
that is not."""
import os
import re

import pytest

import cases
import heads
import reports

pytestmark = pytest.mark.known_python
START = heads.HEAD + '''
import ctypes, errno, os, sys, threading, warnings
def leak(count=10, size=1000):
    for _ in range(count):
        malloc(size)
def clean(count=10, size=1000):
    for block in [malloc(size) for _ in range(count)]:
        free(block)
def warm():
    pymemflow.mark('warm')
    with pymemflow.trace('warm'): leak(1); clean(1)
    pymemflow.outstanding()
    pymemflow.growth_since('warm')
# Up to 3.9 a function keeps the frame of its first call.
warm(); leak(1); pymemflow.mark('first'); pymemflow.outstanding(); pymemflow.growth_since('first')
'''


class Case(cases.Case):
    @pytest.fixture(autouse=True)
    def capture(self, fixtures):
        self.capture = self.path('capture')

    def check(self, program, start=START, **options):
        """Runs a program that asserts: it must succeed and print nothing."""
        options.setdefault('output', None)
        options.setdefault('PYMEMFLOW_CAPTURE', self.capture)
        run = self.trace.code(start + program, **options)
        assert (run.status, run.stderr) == (0, '')
        return run.stdout

    def summary(self):
        done = self.cli('report', '--format=summary', self.capture)
        assert (done.status, done.stderr) == (0, '')
        return done.stdout


class TestTraced(Case):
    def test_outstanding_to_the_byte(self):
        self.check('''
before = pymemflow.outstanding()
leak(7, 5000)
after = pymemflow.outstanding()
assert (after.bytes - before.bytes, after.blocks - before.blocks) == (35000, 7), (before, after)
clean(1000)
now = pymemflow.outstanding()
# The interpreter may have made a list or a frame larger.
assert abs(now.bytes - after.bytes) < 4000, (now, after)
''')

    def test_outstanding_leaves_no_trace(self):
        """Repeated calls leave none of their own memory in the record."""
        program = '''
pymemflow.mark('begin')
for _ in range(%d):
    pymemflow._library.outstanding(None, None)
pymemflow.mark('end')
'''
        counts = []
        for times in (1, 2):
            self.check(program % times)
            # The number of events between the marks.
            done = self.cli('report', self.capture)
            counts.append(reports.Report(done.stdout).recorded)
            os.remove(self.capture)
        assert abs(counts[1] - counts[0]) < 40

    def test_outstanding_while_threads_work(self):
        self.check('''
is_over = False
def work():
    while not is_over:
        clean(50)
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
base = pymemflow.outstanding()
for _ in range(20):
    leak(1, 10000000)
    now = pymemflow.outstanding()
    # What the threads hold at any moment is far less than one of these.
    assert round((now.bytes - base.bytes) / 10000000.0) == 1, (now, base)
    base = now
is_over = True
for thread in threads: thread.join()
''')

    def test_growth(self):
        self.check('''
pymemflow.mark('here')
leak(3, 2000)
growth = pymemflow.growth_since('here')
assert growth.bytes == 6000 and growth.blocks == 3, growth
site, = [each for each in growth.sites if each.bytes >= 1000]
assert site.name == '<string>:%d leak' % site.line and site.file == '<string>', site
assert (site.bytes, site.blocks) == (6000, 3), site
assert growth.places == growth.sites
clean(100, 3000)
growth = pymemflow.growth_since('here')
assert 300000 <= growth.peak_bytes < 400000, growth
assert raises(OSError, pymemflow.growth_since, 'never').errno == errno.ENOENT
''')

    def test_start_and_stop(self):
        self.check('''
assert pymemflow.is_active()
pymemflow.stop()
assert not pymemflow.is_active()
leak(1, 555000)
pymemflow.mark('stopped')
pymemflow.start()
assert pymemflow.is_active()
leak(1, 444000)
assert pymemflow.version() == pymemflow.__version__ != '0+unknown'
''')
        done = self.cli('report', self.capture)
        sizes = reports.Report(done.stdout).sizes('leak')
        assert [size for size in sizes if size > 100000] == [444000]
        assert '  stopped\n' in self.summary().replace(', since first', '')

    def test_bad_names(self):
        self.check('''
for name in ('', 'a\\0b'):
    assert raises(OSError, pymemflow.mark, name).errno == errno.EINVAL
assert raises(OSError, pymemflow.mark, 'x' * 256).errno == errno.ENAMETOOLONG
pymemflow.mark('x' * 255)
pymemflow.mark(u'\\u00fc\\U0001f40d')
''')
        assert 'x' * 255 in self.summary()
        assert '\u00fc\U0001f40d' in self.summary()

    def test_trace_and_the_gate(self):
        program = '''
def main():
    with pymemflow.trace('load'):
        leak(10, 1000)
    leak(1, 300000)
for _ in range(3): main()
raises(KeyError, lambda: [pymemflow.trace('error').__enter__(), {}[1]])
'''
        self.check(program)
        for limit, status in (('9KiB', 1), ('64KiB', 0)):
            done = self.cli('gate', '--max-growth', limit, self.capture)
            assert done.status == status, done.stderr
            if status:
                assert ("grows by 10000 bytes per round, in 3 steady rounds of 'load end'; "
                        '--max-growth allows 9216 bytes\n') in done.stderr
                assert re.search(r'(?m)^ +10000 +10 +3 of 3  <string>:\d+ leak$', done.stderr)
        assert re.search(r'(?m)\+10000  load end, since load begin$', self.summary())

    def test_gate_without_marks(self):
        self.check('pass', start='')
        done = self.cli('gate', '--max-growth=1', self.capture)
        assert (done.status, done.stdout) == (2, '')
        assert ': --max-growth cannot be judged: it set no two marks of one name, and ' in done.stderr

    def test_limit_leaks(self):
        self.check('''
assert pymemflow.limit_leaks(100)(clean)() is None
assert pymemflow.limit_leaks('64KiB')(leak)() is None
error = raises(pymemflow.LeakError, pymemflow.limit_leaks('4 KiB')(leak))
assert 'leak leaked 10000 bytes in 10 blocks, more than 4096 bytes:' in str(error), error
assert '10000 bytes in 10 blocks  <string>:' in str(error), error
@pymemflow.limit_leaks('4KiB')
def outer():
    for _ in range(3):
        pymemflow.limit_leaks('4KiB')(leak)(3)
assert '9000 bytes' in str(raises(pymemflow.LeakError, outer))
for size in ('12XB', '', '-1', '0.5', '1.5B', '0.0001KiB', None, -5, 1.5, True):
    raises(ValueError, pymemflow.limit_leaks, size)
assert pymemflow.parse_size('1.5 MB') == 1500000 and pymemflow.parse_size('2KiB') == 2048
''')

    def test_forked_child_knows_its_own(self):
        self.check('''
leak(1, 5000000)
child = os.fork()
if child == 0:
    leak(1, 1000)
    if not 1000 <= pymemflow.outstanding().bytes < 5000000: os._exit(9)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert pymemflow.outstanding().bytes > 5000000
''')

    def test_what_cannot_be_known(self):
        for option in ({'PYMEMFLOW_RING': '64KiB'}, {'PYMEMFLOW_FLOW': '0'}):
            self.check('''
pymemflow.mark('fine')
error = raises(OSError, pymemflow.outstanding)
assert error.errno == errno.ENOTSUP and 'cannot be known' in str(error), error
''', start=START.rpartition('# Up to')[0], **dict(option, PYMEMFLOW_CAPTURE=self.capture + str(
                len(option)) + list(option)[0]))


class TestUntraced(Case):
    def test_each_says_so_once_and_does_nothing(self):
        self.check('''
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter('always')
    for _ in range(2):
        assert pymemflow.mark('a') is None and pymemflow.outstanding() is None
        assert pymemflow.start() is None and pymemflow.stop() is None
        assert pymemflow.growth_since('a') is None
        with pymemflow.trace('a'): pass
        assert pymemflow.limit_leaks(0)(lambda: 5)() == 5
    assert not pymemflow.is_active() and pymemflow.version() is None
assert len(said) == 7, [str(each.message) for each in said]
for each in said:
    assert each.category is pymemflow.NotPreloaded, each
    assert 'pymemflow is not preloaded: ' in str(each.message), each
''', start=START.rpartition('# Up to')[0], preload=False)

    def test_can_be_an_error(self):
        run = self.trace.program([self.python.path, '-W', 'error::UserWarning', '-c',
                                  START.rpartition('# Up to')[0] + 'pymemflow.mark("x")'], preload=False)
        assert run.status == 1
        assert 'pymemflow is not preloaded: mark() does nothing' in run.stderr
