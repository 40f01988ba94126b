"""Answers of the kernel that the library takes for granted elsewhere: calls that are missing or refused, and
filters by which a program restricts its own calls."""
import os
import re
import subprocess

import pytest

import built
import cases
import reports

pytestmark = [
    pytest.mark.known_python, pytest.mark.one_python,
    pytest.mark.skipif(os.uname().machine != 'x86_64', reason='numbers of system calls of x86-64')]
KILL, TRAP, ERRNO, ALLOW = 0x80000000, 0x00030000, 0x00050000, 0x7fff0000
EPERM, EINVAL, ENOSYS = 1, 22, 38
MADVISE, VM_READV, PREAD, WIPE_ON_FORK = 28, 310, 17, 18

# Filters are lists of rows (code, jump if true, jump if false, constant).
TOOLS = '''
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def head_of(rows):
    global program
    program = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *row) for row in rows))
    return ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(rows), ctypes.addressof(program)))
def rows_for(calls, action):
    rows = [(0x20, 0, 0, 0)]
    for call in calls: rows += [(0x15, 0, 1, call), (6, 0, 0, action)]
    return rows + [(6, 0, 0, 0x7fff0000)]
def install(rows):
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert libc.prctl(22, 2, head_of(rows), 0, 0) == 0
'''
# Installs a filter and becomes the program that the arguments name.
RUN = TOOLS + '''
rows = [(0x20, 0, 0, 0)]
for each in sys.argv[1].split(","):
    call, error = map(int, each.split(":"))
    if call == %d:  # one kind of advice alone
        rows += [(0x15, 0, 4, call), (0x20, 0, 0, 32), (0x15, 0, 1, %d), (6, 0, 0, 0x50000 | error),
                 (0x20, 0, 0, 0)]
    else:
        rows += [(0x15, 0, 1, call), (6, 0, 0, 0x50000 | error)]
install(rows + [(6, 0, 0, 0x7fff0000)])
os.execvp(sys.argv[2], sys.argv[2:])
''' % (MADVISE, WIPE_ON_FORK)


class Case(cases.Case):
    def sizes(self, text):
        return {event.arguments[-1] for event in reports.Report(text).events}

    def filtered(self, refused, *words, **options):
        """Runs the words where calls are refused: {call: error}."""
        calls = ','.join('%d:%d' % each for each in refused.items())
        variables = {name: value for name, value in options.items() if name.isupper()}
        done = subprocess.run(
            ['/usr/bin/env', '-u', 'LD_PRELOAD', self.python.path, '-c', RUN, calls, 'env',
             'LD_PRELOAD=' + self.build.library, *words],
            env=dict(self.environment, **variables), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            universal_newlines=True, timeout=100, check=False)
        return done

    def both(self, code, **options):
        """The run under the library; its end and output are those without it."""
        plain = self.trace.code(TOOLS + code, preload=False, **options)
        run = self.trace.code(TOOLS + code, **options)
        assert (run.status, run.stdout) == (plain.status, plain.stdout), (plain, run.stderr)
        return run


class TestForks(Case):
    """A kernel without MADV_WIPEONFORK."""

    FORKS = ('import os\nbytes(77777)\nfor n in range(3):\n    child = os.fork()\n'
             '    if child == 0:\n        bytes(66000 + n)\n        %s\n    os.waitpid(child, 0)\n'
             'bytes(55555)\n')

    @pytest.mark.parametrize('error', [EINVAL, ENOSYS, EPERM])
    @pytest.mark.parametrize('end', ['os._exit(0)', 'sys.exit(0)', 'os.fork() or bytes(44444); os._exit(0)'])
    def test_children(self, error, end):
        done = self.filtered({MADVISE: error}, self.python.path, '-c', 'import sys\n' + self.FORKS % end,
                             PYMEMFLOW_OUTPUT=self.path('r.%p'))
        assert (done.returncode, done.stderr) == (0, '')
        found = [self.sizes(self.read(name)) for name in os.listdir(self.folder)]
        children = [sizes for sizes in found if 77777 + 33 not in sizes]
        parent, = [sizes for sizes in found if 77777 + 33 in sizes]
        assert 55555 + 33 in parent and not parent & {66000 + n + 33 for n in range(3)}
        for n in range(3):
            assert [66000 + n + 33 in sizes for sizes in children].count(True) == 1
        assert len(children) == (6 if 'fork' in end else 3)

    def test_threads_and_multiprocessing(self):
        code = ('import multiprocessing, threading\n'
                'def work(n): return len(bytes(66000 + n))\n'
                'if __name__ == "__main__":\n'
                '    for n in range(4): threading.Thread(target=work, args=(n,)).start()\n'
                '    with multiprocessing.get_context("fork").Pool(2) as pool: '
                'print(sum(pool.map(work, range(8))))\n')
        self.write('t.py', code)
        done = self.filtered({MADVISE: EINVAL}, self.python.path, self.path('t.py'),
                             PYMEMFLOW_OUTPUT=self.path('r.%p'))
        assert (done.returncode, done.stdout, done.stderr) == (0, '%d\n' % (66000 * 8 + 28), '')

    def test_doctor(self):
        done = self.filtered({MADVISE: EINVAL}, 'env', '-u', 'LD_PRELOAD', self.build.command, 'doctor',
                             self.python.path)
        assert done.returncode in (0, 1)
        assert 'note    forks     the kernel has no MADV_WIPEONFORK' in done.stdout
        plain = self.cli('doctor', self.python.path)
        assert 'ok      forks' in plain.stdout and 'ok      reads' in plain.stdout


class TestMemoryReads(Case):
    """A kernel that refuses process_vm_readv(). greenlet on 3.11 and 3.12 needs it, or another safe read."""

    GREENLET = ('import greenlet\ndef work():\n    for i in range(100): bytes(5000)\n'
                'def other():\n    work()\n    main.switch()\n    work()\n'
                'main = greenlet.getcurrent()\nlet = greenlet.greenlet(other)\nlet.switch()\nlet.switch()\n')

    @pytest.mark.parametrize('error', [EPERM, ENOSYS])
    def test_lines(self, error):
        self.trace.require('greenlet')
        done = self.filtered({VM_READV: error}, self.python.path, '-c', self.GREENLET,
                             PYMEMFLOW_OUTPUT=self.path('r'))
        assert (done.returncode, done.stderr) == (0, '')
        report = reports.Report(self.read('r'))
        assert [event.function for event in report.events
                if 5000 + 33 in event.arguments].count('work') == 200

    def test_no_read_at_all(self):
        self.trace.require('greenlet')
        code = TOOLS + 'install(rows_for([%d, %d], %d))\n' % (VM_READV, PREAD, ERRNO | EPERM)
        run = self.trace.code(code + self.GREENLET)
        assert run.status == 0
        if self.python.version[:2] in ((3, 11), (3, 12)):
            assert 'its events have no Python frame' in run.stderr
        else:
            assert run.stderr == ''

    @pytest.mark.parametrize('error', [EPERM, ENOSYS])
    def test_doctor(self, error):
        done = self.filtered({VM_READV: error}, 'env', '-u', 'LD_PRELOAD', self.build.command, 'doctor',
                             self.python.path)
        assert 'note    reads     process_vm_readv() is refused; /proc/self/mem is read instead' in done.stdout


class TestFilters(Case):
    """A program that restricts its own calls ends as it would alone; the record ends before the filter,
    and one line says so."""

    WORK = ('bytes(77777)\nFILTER\nfor i in range(30000): bytes(5000 + i % 99)\n'
            'for i in range(300): exec("x = lambda: bytes(%d)" % i); x()\n'
            'sys.stdout.write("done"); sys.stdout.flush()\nos._exit(5)\n')

    def work(self, install):
        return self.WORK.replace('FILTER', install)

    def check_end(self, run, lines=1):
        assert run.status == 5 and run.stderr.count('\n') == lines, run.stderr
        assert 'restricts its system calls (seccomp)' in run.stderr
        assert 'the record ends here' in run.stderr
        assert 77777 + 33 in {size for report in run.reports.values() for event in report.events
                              for size in event.arguments}

    @pytest.mark.parametrize('calls', [[18, 296], [5], [9999, 39], [14, 13], [56], [186, 234], [2, 257]])
    def test_calls_that_kill(self, calls):
        self.check_end(self.both(self.work('install(rows_for(%r, %d))' % (calls, KILL))))

    def test_by_syscall(self):
        self.check_end(self.both(self.work(
            'libc.prctl(38, 1, 0, 0, 0)\n'
            'assert libc.syscall(317, 1, 0, head_of(rows_for([18, 296], %d))) == 0' % KILL)))

    def test_prctl_by_syscall(self):
        self.check_end(self.both(self.work(
            'libc.prctl(38, 1, 0, 0, 0)\n'
            'assert libc.syscall(157, 22, 2, head_of(rows_for([18, 296], %d)), 0, 0) == 0' % KILL)))

    def test_a_handler_of_the_program(self):
        """It would see calls that the program never makes."""
        self.check_end(self.both(
            'import signal\nsignal.signal(signal.SIGSYS, lambda *a: os.write(1, b"a call"))\n' +
            self.work('install(rows_for([18, 296, 5], %d))' % TRAP)))

    def test_arguments_that_decide(self):
        """openat() kills if a flag is set."""
        rows = [(0x20, 0, 0, 0), (0x15, 0, 3, 257), (0x20, 0, 0, 32), (0x45, 0, 1, 0x40),
                (6, 0, 0, KILL), (6, 0, 0, ALLOW)]
        self.check_end(self.both(self.work('install(%r)' % rows)))

    MEMORY = 'from here on events are kept in memory alone'

    def kept(self, way, **options):
        """A run that keeps its record, and the report of it."""
        code = TOOLS + self.work('install(rows_for([18, 296, 2, 257], %d))' % KILL).replace(
            'os._exit(5)', way).replace('bytes(%d)" % i', 'bytes(%d)" % (7000 + i)')
        run = self.trace.code(code, output=None, PYMEMFLOW_CAPTURE=self.path('c'), **options)
        assert run.status == 5 and run.stderr.count('\n') == 1 and self.MEMORY in run.stderr
        return self.cli.report(self.path('c'))

    @pytest.mark.parametrize('way', ['os._exit(5)', 'sys.exit(5)'])
    def test_with_a_capture(self, way):
        """The program goes on, and each of its events is kept."""
        report = self.kept(way)
        assert report.lost == 0 and 'damaged' not in report.text and 'stopped' not in report.text
        assert ('did not end by itself' in report.text) == ('_exit' in way)
        sizes = [size for event in report.events for size in event.arguments]
        assert 77777 + 33 in sizes
        for i in range(99):
            assert sizes.count(5000 + i + 33) >= 303
        assert [event.function for event in report.events].count('<lambda>') >= 300

    @pytest.mark.parametrize('options', [{'PYMEMFLOW_RING': '256KiB'}, {'PYMEMFLOW_FLOW': '0'}])
    def test_with_a_ring_and_with_sums(self, options):
        report = self.kept('sys.exit(5)', **options)
        assert 'damaged' not in report.text
        # The tables of sums cannot grow.
        assert report.lost == 0 or 'PYMEMFLOW_FLOW' in options

    def test_more_than_the_memory_holds(self):
        code = TOOLS + self.work('install(rows_for([18, 296, 2, 257], %d))' % KILL)
        code = code.replace('range(30000)', 'range(1500000)').replace('os._exit', 'sys.exit')
        run = self.trace.code(code, output=None, PYMEMFLOW_CAPTURE=self.path('c'))
        assert run.status == 5 and run.stderr.count('\n') == 1
        report = self.cli.report(self.path('c'))
        assert 'recording stopped (the program forbids system calls that recording needs)' in report.text
        assert report.lost > 100000 and report.lost + report.recorded > 3000000
        done = self.cli('gate', '--max-leak=1GiB', self.path('c'))
        assert done.status == 2 and 'no verdict' in done.stderr and 'passed' not in done.stderr
        assert 'not judged' in done.stderr

    def test_threads(self):
        """Those that run go on; the events of later ones are counted."""
        code = TOOLS + (
            'import threading\nbytes(77777)\ngo, done = threading.Event(), threading.Event()\n'
            'def early():\n    bytes(100); go.wait()\n    for i in range(20000): bytes(40000)\n    done.set()\n'
            'thread = threading.Thread(target=early); thread.start()\n'
            'install(rows_for([18, 296, 2], %d))\ngo.set(); done.wait(); thread.join()\n'
            'def late():\n    for i in range(3000): bytes(50000)\n'
            'thread = threading.Thread(target=late); thread.start(); thread.join()\n'
            'sys.exit(5)\n' % KILL)
        run = self.trace.code(code, output=None, PYMEMFLOW_CAPTURE=self.path('c'))
        assert run.status == 5 and self.MEMORY in run.stderr
        report = self.cli.report(self.path('c'))
        assert [event.arguments[-1] for event in report.events
                if event.function == 'early'].count(40000 + 33) == 20000
        assert 'late' not in {event.function for event in report.events} and report.lost >= 6000

    def test_refused_with_a_capture(self):
        """The recording goes on with system calls, in files again."""
        code = TOOLS + ('libc.prctl(38, 1, 0, 0, 0)\nbytes(77777)\n'
                        'assert libc.prctl(22, 2, head_of([(6, 0, 0, 0), (0x20, 0, 0, 3)]), 0, 0) == -1\n'
                        'for i in range(30000): bytes(5000)\nsys.exit(5)\n')
        run = self.trace.code(code, output=None, PYMEMFLOW_CAPTURE=self.path('c'))
        assert run.status == 5 and 'the filter was refused, so the record goes on' in run.stderr
        assert os.listdir(self.folder) == ['c']
        report = self.cli.report(self.path('c'))
        assert report.lost == 0 and 'damaged' not in report.text
        assert [size for event in report.events for size in event.arguments].count(5000 + 33) >= 30000

    def test_with_run(self):
        code = TOOLS + self.work('install(rows_for([18, 296, 2, 257], %d))' % KILL)
        done = self.cli('run', '--output', self.path('r'), self.python.path, '-c', code)
        assert done.status == 5 and self.MEMORY in done.stderr
        assert {77777 + 33, 5000 + 33} <= self.sizes(self.read('r'))
        done = self.cli('gate', '--max-leak=1GiB', self.python.path, '-c', code)
        assert done.status == 5 and 'was killed or is still running' in done.stderr

    def test_children_and_execs_after_it(self):
        code = self.work(
            'install(rows_for([18, 296], %d))\n'
            'if os.fork() == 0: [bytes(9000) for i in range(9999)]; os._exit(0)\nassert os.wait()[1] == 0\n'
            'if os.fork() == 0: os.execvp("true", ["true"])\nassert os.wait()[1] == 0' % KILL)
        self.check_end(self.both(code))

    @pytest.mark.parametrize('calls', [[18, 296], [285, 310], [59], [101, 298]])
    def test_calls_that_are_refused_with_an_error(self, calls):
        """No call of the library ends the program, so the recording goes on."""
        run = self.both(self.work('install(rows_for(%r, %d))' % (calls, ERRNO | EPERM)))
        assert 'seccomp)' not in run.stderr.replace('the reporter', '')

    def test_a_filter_that_is_refused(self):
        """By the kernel, for its address or for its rows: the recording goes on."""
        for how in ('ctypes.c_void_p(16)', 'head_of([(6, 0, 0, 0), (0x20, 0, 0, 3)])'):
            run = self.trace.code(TOOLS + 'libc.prctl(38, 1, 0, 0, 0)\n'
                                  'assert libc.prctl(22, 2, %s, 0, 0) == -1\nbytes(77777)\n' % how)
            assert run.status == 0 and 'the filter was refused, so the record goes on' in run.stderr
            assert 77777 + 33 in {size for event in run.report.events for size in event.arguments}

    def test_what_syscall_does_else(self):
        run = self.both(
            'print(libc.syscall(39) == os.getpid(), libc.syscall(9999), ctypes.get_errno())\n'
            'libc.syscall.restype = ctypes.c_long\n'
            'path = ("/proc/self/exe").encode()\nfile = libc.syscall(257, -100, path, 0, 0)\n'
            'at = libc.syscall(9, None, ctypes.c_long(4096), 1, 2, file, ctypes.c_long(0))\n'
            'print(ctypes.string_at(at, 4))\n'
            'at = libc.syscall(9, None, ctypes.c_long(4096), 1, 2, file, ctypes.c_long(1))\n'
            'print(at, ctypes.get_errno())\n'
            'child = libc.syscall(56, 17, None, None, None, None)\n'
            'if child == 0: os._exit(7)\nprint(os.waitpid(child, 0)[1])\n'
            'print(libc.prctl(15, b"a name", 0, 0, 0), libc.prctl(9999, 0, 0, 0, 0), ctypes.get_errno())\n')
        assert run.stderr == '' and run.stdout.startswith('True -1 38\n')


def test_all_calls_are_examined():
    """The table has each system call that the library makes in a host."""
    def read(*names):
        for name in names:
            folder = os.path.join(built.ROOT, name)
            for each in sorted(os.listdir(folder)):
                if each.endswith(('.cpp', '.h')):
                    with open(os.path.join(folder, each), encoding='utf-8') as file:
                        yield from re.findall(r'\bSYS_(\w+)', file.read())

    with open(os.path.join(built.ROOT, 'interpose/hooks/linux/filters.cpp'), encoding='utf-8') as file:
        known = set(re.findall(r'\bSYS_(\w+)', file.read()))
    # At the start; in the processes that become the reporter; and by which one ends.
    elsewhere = {'getcwd', 'statfs', 'close_range', 'execve', 'exit', 'exit_group'}
    made = set(read('platform/linux', 'interpose/library/linux', 'interpose/recording'))
    assert len(made) > 30 and made - known == elsewhere & made
