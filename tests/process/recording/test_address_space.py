"""Address space: what the library takes of it, in a process, in generations of forks, and under the
limits of RLIMIT_AS, RLIMIT_DATA and RLIMIT_MEMLOCK."""
import re
import resource
import subprocess

import pytest

import cases

pytestmark = [pytest.mark.known_python, pytest.mark.one_python]

MODES = [{}, {'PYMEMFLOW_RING': '1MiB'}, {'PYMEMFLOW_FLOW': '0'}, {'PYMEMFLOW_ATTRIBUTION': 'probe'},
         {'PYMEMFLOW_PYTHON_CALL_STACK': '1'}]
MOST = 16 << 10  # KiB, of docs/bounds.md

STATUS = ('def status(name):\n'
          '    text = open("/proc/self/status").read()\n'
          '    return int(text.partition(name + ":")[2].split()[0])\n')

GENERATIONS = STATUS + '''
import os, re, sys, threading
def generation(n):
    bytes(77000 + n)
    if %(threads)d:
        barrier = threading.Barrier(%(threads)d)
        def work():
            bytes(66000 + n)
            barrier.wait()
        threads = [threading.Thread(target=work) for _ in range(%(threads)d)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
    maps = re.findall("(?m)^([0-9a-f]+)-([0-9a-f]+) rw-s", open("/proc/self/maps").read())
    shared = sum(int(end, 16) - int(start, 16) for start, end in maps) >> 10
    os.write(1, b"%%d %%d\\n" %% (status("VmSize"), shared))
    if n == 8: return
    if os.fork() == 0:
        generation(n + 1)
        os._exit(0)
    assert os.wait()[1] == 0
generation(0)
'''

# Drops the right to lock more memory than the limit allows.
WITHOUT_IPC_LOCK = '''
import ctypes
libc = ctypes.CDLL(None)
class Head(ctypes.Structure): _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]
sets = (ctypes.c_uint32 * 6)()
assert libc.capget(ctypes.byref(Head(0x20080522, 0)), sets) == 0
for i in (0, 1): sets[i] &= ~(1 << 14)
assert libc.capset(ctypes.byref(Head(0x20080522, 0)), sets) == 0
'''

# The handler interrupts the recorder, or malloc() itself (bump_allocator.c may be interrupted).
FORKS_IN_HANDLER = r'''
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
static volatile int is_child, is_silent, wanted, forks, failed;
static void set_timer(void) {
  const struct itimerval once = {{0, 0}, {0, 200 + forks * 37 % 1000}};
  setitimer(ITIMER_REAL, &once, 0);
}
static void on_alarm(int number) {
  (void)number;
  if (is_child || forks == wanted) return;
  pid_t child = fork();
  if (child == 0) {
    if (!is_silent) free(malloc(77777));
    is_child = 1;
    return;
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {}
  if (status != 7 << 8) failed = 1;
  if (++forks < wanted && !failed) set_timer();
}
// Returns the number of blocks of 77 bytes that this process made, or -1: a child did not exit with 7.
int fork_in_handlers(int count, int silent) {
  struct sigaction action = {0};
  int made = 0;
  action.sa_handler = on_alarm;
  sigaction(SIGALRM, &action, 0);
  wanted = count;
  is_silent = silent;
  set_timer();
  for (; forks < count && !failed && !is_child; ++made) free(malloc(77));
  if (is_child) {
    for (int i = 0; i < 9000; ++i) free(malloc(78));
    _exit(7);
  }
  return failed ? -1 : made;
}
'''


class TestProcess(cases.Case):
    @pytest.mark.parametrize('options', MODES)
    def test_an_empty_python(self, options):
        code = STATUS + 'print(status("VmPeak"))'
        with_it = int(self.trace.code(code, PYMEMFLOW_OUTPUT='/dev/null', **options).stdout)
        without = int(self.trace.code(code, preload=False).stdout)
        assert with_it - without <= MOST

    def test_more_threads_than_a_step_has_writers(self):
        """Steps of 16, 32 and 64 writers."""
        code = ('import threading\nbarrier = threading.Barrier(100)\n'
                'def work(n):\n    barrier.wait()\n    bytes(70000 + n)\n    barrier.wait()\n'
                'threads = [threading.Thread(target=work, args=(n,)) for n in range(100)]\n'
                'for thread in threads: thread.start()\nfor thread in threads: thread.join()\n')
        report = self.trace.code(code).report
        assert report.lost == 0
        sizes = {event.arguments[-1] - 33 for event in report.of('work')}
        assert set(range(70000, 70100)) <= sizes


class TestForks(cases.Case):
    @pytest.mark.parametrize('threads', [0, 20])
    @pytest.mark.parametrize('options', MODES[:4])
    def test_generations(self, threads, options):
        """Each records, and takes no more than the one before."""
        run = self.trace.code(GENERATIONS % {'threads': threads}, **options)
        plain = self.trace.code(GENERATIONS % {'threads': threads}, preload=False)
        assert (run.status, run.stderr) == (0, '')
        sizes, plain_sizes = ([[int(word) for word in line.split()] for line in each.stdout.splitlines()]
                              for each in (run, plain))
        assert len(sizes) == 9
        if threads == 0:  # the stacks of threads that ended come and go
            own = [one[0] - other[0] for one, other in zip(sizes, plain_sizes)]
            # Python itself takes 1 MiB at a time, now in this generation and now in that.
            assert max(own) - own[0] <= 1200, own
        shared = [each[1] for each in sizes]
        assert max(shared) - shared[0] <= 256, shared
        assert len(run.reports) == 9
        for report in run.reports.values():
            assert report.lost == 0
        if 'PYMEMFLOW_FLOW' not in options:
            found = sorted(event.arguments[-1] - 33 - 77000 for report in run.reports.values()
                           for event in report.of('generation')
                           if event.result and 77033 <= event.arguments[-1] <= 77041)
            assert found == list(range(9))

    @pytest.mark.parametrize('is_silent', [0, 1], ids=['allocates', 'silent'])
    @pytest.mark.parametrize('options, forks', [
        ({}, 10), ({'PYMEMFLOW_RING': '64KiB'}, 30), ({'PYMEMFLOW_FLOW': '0'}, 100)],
        ids=['full', 'ring', 'sums'])
    def test_in_a_handler_that_interrupted_the_recorder(self, options, forks, is_silent):
        """The child goes on in the interrupted step when the handler returns, and the parent's record is as
        it would be without it."""
        self.write('forks.c', FORKS_IN_HANDLER)
        subprocess.check_call(['cc', '-O1', '-fno-builtin', '-shared', '-fPIC', '-o',
                               self.path('forks.so'), self.path('forks.c')])
        code = ('import ctypes\ndef work(): return ctypes.CDLL(%r).fork_in_handlers(%d, %d)\nprint(work())'
                % (self.path('forks.so'), forks, is_silent))
        run = self.trace.code(code, after=[self.build.path('bump_allocator')], **options)
        assert (run.status, run.stderr) == (0, '')
        made = int(run.stdout)
        assert made > 0 and len(run.reports) == forks + 1
        for process, report in run.reports.items():
            assert (report.lost, report.damaged, report.left_out) == (0, 0, 0)
            if 'PYMEMFLOW_RING' in options:
                continue  # holds the latest events alone
            least = made if process == run.pid else 9000
            assert least <= report.counts('malloc')['<string>', 'work'] <= least + 20


class TestLimits(cases.Case):
    def peak(self, code, name):
        return int(re.search(r'(\d+)$', self.trace.code(
            STATUS + code + '\nprint(status(%r))' % name, preload=False).stdout.strip()).group(1)) << 10

    @pytest.mark.parametrize('limit, measure, work', [
        ('RLIMIT_AS', 'VmPeak', 'block = bytearray(30 << 20)'),
        ('RLIMIT_DATA', 'VmData', 'block = bytearray(30 << 20)'),
        # The stack of a thread may outlive join(), so that two count: small ones.
        ('RLIMIT_AS', 'VmPeak', 'import threading; threading.stack_size(1 << 17)\n'
         'blocks = [bytes(5000) for i in range(10000)]\n'
         'for i in range(50):\n    t = threading.Thread(target=bytes, args=(5000,)); t.start(); t.join()')])
    def test_a_tenth_more_than_alone(self, limit, measure, work):
        work += '\nbytes(77777)\n'
        least = self.peak(work, measure)
        code = ('import os, resource, sys\nif len(sys.argv) < 3:\n'
                '    resource.setrlimit(resource.%s, (%d, %d))\n'
                '    os.environ["PYMEMFLOW_OUTPUT"] = os.environ.get("PYMEMFLOW_OUTPUT", "") + ".2"\n'
                '    os.execv(sys.executable, [sys.executable, "-c", sys.argv[1], sys.argv[1], "2"])\n'
                % (limit, least * 11 // 10, least * 11 // 10)) + work + 'print("end")'
        for preload in (False, True):
            run = self.trace.code(code, code, preload=preload)
            assert (run.status, run.stdout, run.stderr) == (0, 'end\n', '')
        second, = [text for name, text in run.texts.items() if name.endswith('.2')]
        assert '77810' in second

    @pytest.mark.parametrize('flags', [1, 2, 3])  # MCL_CURRENT, MCL_FUTURE
    @pytest.mark.parametrize('is_limited', [False, True])
    @pytest.mark.needs_root
    def test_locked_memory(self, flags, is_limited):
        limit = 48 << 20
        hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]
        if is_limited and hard != resource.RLIM_INFINITY and hard < limit:
            pytest.skip('RLIMIT_MEMLOCK is %d bytes, and cannot be raised here' % hard)
        limited = (WITHOUT_IPC_LOCK + 'import resource\n'
                   'resource.setrlimit(resource.RLIMIT_MEMLOCK, (%d, %d))\n' % (limit, limit))
        code = ((limited if is_limited else '') + STATUS + 'import ctypes, os, threading\n'
                'libc = ctypes.CDLL(None)\n'
                'assert libc.mlockall(%d) == 0\nbytes(77777)\n'
                'thread = threading.Thread(target=bytes, args=(5000,)); thread.start(); thread.join()\n'
                'if os.fork() == 0:\n    assert libc.mlockall(%d) == 0\n    bytes(77777)\n    os._exit(0)\n'
                'assert os.wait()[1] == 0\nprint(status("VmLck"))' % (flags, flags))
        locked = []
        for preload in (False, True):
            run = self.trace.code(code, preload=preload)
            assert (run.status, run.stderr) == (0, '')
            locked.append(int(run.stdout))
        assert locked[1] - locked[0] <= MOST
        assert len(run.reports) == 2
        for report in run.reports.values():
            assert report.lost == 0 and '77810' in report.text
