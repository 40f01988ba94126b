"""Filters by which a program restricts its own system calls (seccomp)."""
import os
import re

import pytest

import built
from system_calls import ALLOW, EPERM, ERRNO, KILL, TOOLS, TRAP, Case

pytestmark = [
    pytest.mark.known_python, pytest.mark.one_python,
    pytest.mark.skipif(os.uname().machine != 'x86_64', reason='numbers of system calls of x86-64')]
GETPID = 39
KEPT = re.compile(r'; when it has ended, print its report with: pymemflow report (/\S+\.pmf)\n')
UNSEEN = 'restricts its system calls (seccomp), so its end was not seen'
REPORT_UNSEEN = 'pymemflow: the program %s: this report covers the events until then\n' % UNSEEN
KILLED = 'did not end by itself'


WORK = ('bytes(77777)\nFILTER\nfor i in range(30000): bytes(5000 + i % 99)\n'
        'for i in range(300): exec("x = lambda: bytes(%d)" % (7000 + i)); x()\n'
        'sys.stdout.write("done"); sys.stdout.flush()\nEND\n')


def work(install, end='os._exit(5)'):
    return WORK.replace('FILTER', install).replace('END', end)


class TestReports(Case):
    """A program that restricts its own calls ends as it does alone. Its report cannot be made at the end, so
    the record is kept, and one line says how to print the report."""

    def kept(self, code, is_end_seen=True, **options):
        """The report on the record that the run kept."""
        run = self.both(code, TMPDIR=self.folder, **options)
        assert run.status == 5 and run.stderr.count('\n') == 1, run.stderr
        assert 'restricts its system calls (seccomp): call ' in run.stderr and run.files == []
        path = KEPT.search(run.stderr).group(1)
        assert os.listdir(self.folder) == [os.path.basename(path)]
        assert os.stat(path).st_mode & 0o777 == 0o600
        report = self.cli.report(path)
        assert report.lost == 0 and 'damaged' not in report.text and KILLED not in report.text
        assert (REPORT_UNSEEN in report.text) != is_end_seen
        self.check_sizes(report)
        ended = re.search(r'\nended +(.*)\n', self.cli('info', path).stdout).group(1)
        assert ('unseen' in ended) != is_end_seen and not ended.startswith('1970')
        return report, ended

    def check_sizes(self, report):
        sizes = [size for event in report.events for size in event.arguments]
        assert 77777 + 33 in sizes
        for i in range(99):
            assert sizes.count(5000 + i + 33) >= 303
        assert [event.function for event in report.events].count('<lambda>') >= 300

    @pytest.mark.parametrize('calls', [[18, 296], [5], [9999, GETPID], [14, 13], [56], [186, 234], [2, 257]])
    def test_calls_that_kill(self, calls):
        self.kept(work('install(rows_for(%r, %d))' % (calls, KILL)), GETPID not in calls)

    def test_by_syscall(self):
        self.kept(work(
            'libc.prctl(38, 1, 0, 0, 0)\n'
            'assert libc.syscall(317, 1, 0, head_of(rows_for([18, 296], %d))) == 0' % KILL))

    def test_prctl_by_syscall(self):
        self.kept(work(
            'libc.prctl(38, 1, 0, 0, 0)\n'
            'assert libc.syscall(157, 22, 2, head_of(rows_for([18, 296], %d)), 0, 0) == 0' % KILL))

    def test_a_handler_of_the_program(self):
        """It would see calls that the program never makes."""
        self.kept('import signal\nsignal.signal(signal.SIGSYS, lambda *a: os.write(1, b"a call"))\n' +
                  work('install(rows_for([18, 296, 5], %d))' % TRAP))

    def test_arguments_that_decide(self):
        """openat() kills if a flag is set."""
        rows = [(0x20, 0, 0, 0), (0x15, 0, 3, 257), (0x20, 0, 0, 32), (0x45, 0, 1, 0x40),
                (6, 0, 0, KILL), (6, 0, 0, ALLOW)]
        self.kept(work('install(%r)' % rows))

    def test_with_a_named_record(self):
        """A report at the exit was asked for besides."""
        run = self.both(work('install(rows_for([18, 296], %d))' % KILL), PYMEMFLOW_CAPTURE=self.path('c'))
        assert KEPT.search(run.stderr) is None and run.files == []
        assert run.stderr.endswith('pymemflow report %s\n' % self.path('c')) and run.stderr.count('\n') == 1
        self.check_sizes(self.cli.report(self.path('c')))

    @pytest.mark.parametrize('options', [{'PYMEMFLOW_RING': '256KiB'}, {'PYMEMFLOW_FLOW': '0'}])
    def test_modes(self, options):
        run = self.both(work('install(rows_for([18, 296], %d))' % KILL), TMPDIR=self.folder, **options)
        report = self.cli.report(KEPT.search(run.stderr).group(1))
        assert 'damaged' not in report.text and KILLED not in report.text and UNSEEN not in report.text

    def test_record_that_can_have_no_name(self):
        """Standard error is closed, so that nobody would know where the record is: its report is made before."""
        code = TOOLS + work('install(rows_for([18, 296], %d))' % KILL)
        words = ['sh', '-c', 'exec "$@" 2>&-', 'sh', self.python.path, '-c', code]
        run = self.trace.program(words, TMPDIR=self.folder)
        assert (run.status, run.stdout, run.stderr) == (5, 'done', '')
        assert os.listdir(self.folder) == [] and len(run.files) == 1
        text = run.texts[run.files[0]]
        assert 'recording stopped (the program forbids system calls that recording needs)' in text
        assert 'malloc(77810)' in text or 'calloc(1, 77810)' in text

    def test_refused(self):
        """By the kernel, for its address or for its rows: the recording goes on, and keeps no file."""
        for how in ('ctypes.c_void_p(16)', 'head_of([(6, 0, 0, 0), (0x20, 0, 0, 3)])'):
            run = self.trace.code(TOOLS + 'libc.prctl(38, 1, 0, 0, 0)\n'
                                  'assert libc.prctl(22, 2, %s, 0, 0) == -1\nbytes(77777)\n' % how,
                                  TMPDIR=self.folder)
            assert run.status == 0 and 'the filter was refused, so the record goes on' in run.stderr
            assert 77777 + 33 in {size for event in run.report.events for size in event.arguments}
            assert os.listdir(self.folder) == []


class TestEnds(TestReports):
    """The end of a process under a filter, of which the kernel is asked for the process id alone."""
    INSTALL = 'install(rows_for([18, 296, 2, 257, 21, 269], %d))' % KILL

    @pytest.mark.parametrize('end', ['os._exit(5)', 'sys.exit(5)', 'libc.quick_exit(5)', 'libc._Exit(5)'])
    def test_exits(self, end):
        _, ended = self.kept(work(self.INSTALL, end))
        assert 'executing' not in ended

    @pytest.mark.parametrize('call', ['execv("/bin/sh", WORDS)', 'execvp("sh", WORDS)',
                                      'execve("/bin/sh", WORDS, {})'])
    def test_exec(self, call):
        """The loader may open files. A program without it says the same (execveat and its kin)."""
        call = call.replace('WORDS', '["sh", "-c", "exit 5"]')
        _, ended = self.kept(work('install(rows_for([18, 296], %d))' % KILL,
                                  'os.environ.pop("LD_PRELOAD", None)\nos.%s' % call))
        assert ended.endswith('by executing another program')

    def test_execs_that_fail(self):
        """The recording goes on after each."""
        end = ('for n in range(3):\n    try: os.execv("/no/such/program", ["x"])\n    except OSError: pass\n'
               '    for i in range(9000): bytes(50000 + n)\nos._exit(5)')
        report, _ = self.kept(work('install(rows_for([18, 296], %d))' % KILL, end))
        sizes = [size for event in report.events for size in event.arguments]
        for n in range(3):
            assert sizes.count(50000 + n + 33) >= 9000

    @pytest.mark.parametrize('start', [
        'if os.fork() == 0: [bytes(9000) for i in range(9999)]; os._exit(0)\nassert os.wait()[1] == 0',
        'if os.fork() == 0: os.execvp("true", ["true"])\nassert os.wait()[1] == 0',
        'assert os.waitpid(os.posix_spawnp("true", ["true"], {}), 0)[1] == 0',
        'import subprocess; assert subprocess.call(["true"]) == 0',
        'import subprocess\ntry: subprocess.call(["/no/such/program"])\nexcept OSError: pass'])
    def test_children(self, start):
        """Their ends, also in the memory of the parent (vfork), do not end its recording."""
        install = 'install(rows_for([18, 296], %d))\n%s' % (KILL, start)
        self.kept(work(install))

    FURTHER = 'libc.prctl(22, 2, head_of(%s), 0, 0)'

    @pytest.mark.parametrize('further, is_end_seen', [
        ('rows_for([%d], %d)' % (GETPID, KILL), False), ('rows_for([9999], %d)' % KILL, False),
        ('[(6, 0, 0, 0), (0x20, 0, 0, 3)]', True)])
    def test_a_further_filter(self, further, is_end_seen):
        """It may forbid what the first one permits, and cannot be examined; the last one here is refused."""
        install = 'install(rows_for([18, 296], %d))\n%s' % (KILL, self.FURTHER % further)
        self.kept(work(install), is_end_seen)

    def test_a_kill(self):
        """By the filter itself, and not told from an end that was not seen."""
        run = self.both(work('install(rows_for([18, 296, 110], %d))' % KILL, 'os.getppid()'), TMPDIR=self.folder)
        assert run.status == -31
        report = self.cli.report(KEPT.search(run.stderr).group(1))
        assert report.lost == 0 and REPORT_UNSEEN in report.text
        self.check_sizes(report)


class TestCaptures(Case):
    """With a capture that has a name, and no report at the exit, as `pymemflow run` has it."""

    MEMORY = 'from here on events are kept in memory alone'

    def kept(self, way, **options):
        """A run that keeps its record, and the report of it."""
        code = TOOLS + work('install(rows_for([18, 296, 2, 257], %d))' % KILL, way)
        run = self.trace.code(code, output=None, PYMEMFLOW_CAPTURE=self.path('c'), **options)
        assert run.status == 5 and run.stderr.count('\n') == 1 and self.MEMORY in run.stderr
        return self.cli.report(self.path('c'))

    @pytest.mark.parametrize('way', ['os._exit(5)', 'sys.exit(5)'])
    def test_with_a_capture(self, way):
        """The program goes on, and each of its events is kept."""
        report = self.kept(way)
        assert report.lost == 0 and 'damaged' not in report.text and 'stopped' not in report.text
        assert KILLED not in report.text and UNSEEN not in report.text
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
        code = TOOLS + work('install(rows_for([18, 296, 2, 257], %d))' % KILL)
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
        code = TOOLS + work('install(rows_for([18, 296, 2, 257], %d))' % KILL)
        done = self.cli('run', '--output', self.path('r'), self.python.path, '-c', code)
        assert done.status == 5 and self.MEMORY in done.stderr
        assert {77777 + 33, 5000 + 33} <= self.sizes(self.read('r'))
        done = self.cli('gate', '--max-leak=1GiB', self.python.path, '-c', code)
        assert done.status == 5 and 'passed' in done.stderr
        assert 'killed' not in done.stderr and 'not seen' not in done.stderr

    def test_with_run_where_the_end_is_not_seen(self):
        code = TOOLS + work('install(rows_for([18, 296, %d], %d))' % (GETPID, KILL))
        done = self.cli('run', '--output', self.path('r'), self.python.path, '-c', code)
        assert done.status == 5 and REPORT_UNSEEN in self.read('r')
        assert {77777 + 33, 5000 + 33} <= self.sizes(self.read('r'))
        done = self.cli('gate', '--max-leak=1GiB', self.python.path, '-c', code)
        assert done.status == 5 and UNSEEN + ': memory that it would have freed counts' in done.stderr

    @pytest.mark.parametrize('calls', [[18, 296], [285, 310], [59], [101, 298]])
    def test_calls_that_are_refused_with_an_error(self, calls):
        """No call of the library ends the program, so the recording goes on."""
        run = self.both(work('install(rows_for(%r, %d))' % (calls, ERRNO | EPERM)))
        assert 'seccomp)' not in run.stderr.replace('the reporter', '')

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
    # Threads are not stopped where one of these is forbidden.
    with open(os.path.join(built.ROOT, 'platform/linux/held_threads.cpp'), encoding='utf-8') as file:
        known.update(re.findall(r'\bSYS_(\w+)', re.search(r'kCalls\[\] = {(.*?)}', file.read(), re.DOTALL).group(1)))
    # Names of threads are not read where this is forbidden (seccomp.cpp, test_thread_names.py).
    known.add('prctl')
    # At the start; in the processes that become the reporter; and by which one ends.
    elsewhere = {'getcwd', 'statfs', 'close_range', 'execve', 'exit', 'exit_group'}
    made = set(read('platform/linux', 'interpose/library/linux', 'interpose/recording'))
    assert len(made) > 30 and made - known == elsewhere & made
