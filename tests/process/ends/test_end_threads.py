"""Other threads while the report of an exit is made: they get no further than without the library. The report goes to
a FIFO whose reader waits, so that it takes as long as the test wants."""
import contextlib
import mmap
import os
import select
import struct
import subprocess
import time

import pytest

import reports
from end_cases import EndCase, has_block

pytestmark = [pytest.mark.known_python, pytest.mark.needs('cc')]

# More than a pipe takes at once.
BEGIN = 'import ctypes, os, sys, threading, time\nbytes(77777)\nfor _ in range(5000): bytes(4001)\n'
STEPS, IS_TOLD, HAS_GONE_ON = range(3)
# A thread that counts its steps in shared memory.
THREADS = r'''
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static volatile int64_t* shared;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int (*call_python)(void);
static void begin_count(void) {}
static void count(void) {}
static void begin_malloc(void) {}
static void call_malloc(void) { free(malloc(4001)); }
static void begin_timedwait(void) {}
static void timedwait(void) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec = (until.tv_nsec + 1000000) % 1000000000;
  pthread_mutex_lock(&mutex);
  pthread_cond_timedwait(&condition, &mutex, &until);
  pthread_mutex_unlock(&mutex);
}
/* Blocks all signals that the C library lets it block. */
static void begin_blocked(void) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, 0);
}
static void begin_python(void) {}
static void python(void) { if (shared[1]) call_python(); }
/* Blocks signal 33 by a system call, so that it is not stopped before it fails. */
static void begin_fault(void) {
  uint64_t one = (uint64_t)1 << 32;
  syscall(SYS_rt_sigprocmask, SIG_BLOCK, &one, (void*)0, sizeof one);
}
static void fault(void) { usleep(1000); if (shared[1]) *(volatile int*)8 = 1; }
static void call_abort(void) { usleep(1000); if (shared[1]) abort(); }
/* Notes the signals that a program ignores, before and after it is told. */
static char file[4096];
static void note_ignored(void) {
  extern char** environ;
  char command[5000];
  sprintf(command, "grep SigIgn /proc/self/status >> %s.ignored", file);
  char* words[] = {"sh", "-c", command, 0};
  pid_t child;
  if (posix_spawn(&child, "/bin/sh", 0, 0, words, environ) == 0) waitpid(child, 0, 0);
}
static void spawn(void) { usleep(1000); if (shared[1] && !shared[2]) { note_ignored(); shared[2] = 1; } }
struct work { void (*begin)(void); void (*step)(void); };
static void* run(void* argument) {
  const struct work* work = argument;
  work->begin();
  for (;;) { work->step(); shared[0]++; }
}
/* Python unmaps what it has mapped. */
void share(const char* path) {
  strcpy(file, path);
  shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, open(path, O_RDWR), 0);
}
static void start(const struct work* work) {
  pthread_t thread;
  pthread_create(&thread, 0, run, (void*)work);
  while (shared[0] == 0) {}
}
#define WORK(name, begin, step) \
  void start_##name(void) { static const struct work work = {begin, step}; start(&work); }
WORK(count, begin_count, count) WORK(malloc, begin_malloc, call_malloc) WORK(timedwait, begin_timedwait, timedwait)
WORK(blocked, begin_blocked, count) WORK(python, begin_python, python) WORK(fault, begin_fault, fault)
WORK(abort, begin_fault, call_abort) WORK(spawn, note_ignored, spawn)
void set_python(void* function) { call_python = (int (*)(void))function; }
static void* leave(void* unused) {
  char state = 0, path[64];
  sprintf(path, "/proc/self/task/%d/stat", getpid());
  while (state != 'Z') {
    FILE* file = fopen(path, "r");
    fscanf(file, "%*d (%*[^)]) %c", &state);
    fclose(file);
  }
  exit(5);
}
/* Ends the main thread. Another one ends the process then. */
void end_main_thread(void) {
  pthread_t thread;
  pthread_create(&thread, 0, leave, 0);
  syscall(SYS_exit, 0);
}
int forbid(void) {
  struct sock_filter code[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_tgsigqueueinfo, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_fprog program = {4, code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return -1;
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}
'''
# Its exit handler runs after that of the library. It goes on when the thread does, if it is there.
LATER = r'''
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <stdlib.h>
static volatile int64_t* shared;
static void wait_for_step(void) {
  if (!shared) return;
  const int64_t before = shared[0];
  while (shared[0] == before) {}
  shared[2] = 1;
}
__attribute__((constructor)) static void init(void) { atexit(wait_for_step); }
void wait_at_exit(const char* path) {
  shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, open(path, O_RDWR), 0);
}
'''
ALL_BLOCKED = 'fffffffffffbfeff'  # but SIGKILL and SIGSTOP


class TestThreads(EndCase):
    @pytest.fixture(autouse=True)
    def memory(self, fixtures):
        path = self.write('memory', '\0' * mmap.PAGESIZE)
        with open(path, 'r+b') as file:
            self.shared = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        self.begin = BEGIN + (
            'path = %r\nlibrary = ctypes.CDLL(%r)\nlibrary.share(path)\n'
            'library.set_python(ctypes.pythonapi.PyGILState_Ensure)\n'
            % (path.encode(), self.compile('threads', THREADS, '-pthread')))

    def word(self, index):
        return struct.unpack_from('q', self.shared, 8 * index)[0]

    def tell(self):
        struct.pack_into('q', self.shared, 8 * IS_TOLD, 1)

    def wait_until(self, condition):
        until = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < until
            time.sleep(0.005)

    def wait_for_step(self):
        before = self.word(STEPS)
        self.wait_until(lambda: self.word(STEPS) > before)

    @staticmethod
    def states(pid):
        """The fields of the threads, as (State, SigBlk)."""
        states = []
        for thread in os.listdir('/proc/%d/task' % pid):
            with open('/proc/%d/task/%s/status' % (pid, thread)) as file:
                fields = dict(line.rstrip('\n').split(':\t', 1) for line in file if ':\t' in line)
            states.append((fields['State'][0], fields['SigBlk']))
        return states

    def are_held(self, pid):
        """A handler that holds a thread has all signals blocked, as has the thread that ends the process, which waits in
        vfork() or for its child."""
        return all(state in 'SDZ' and (blocked == ALL_BLOCKED or state == 'Z') for state, blocked in self.states(pid))

    @contextlib.contextmanager
    def report_begun(self, code, *preloaded):
        """The process, from the first bytes of its report on, and a function that reads the rest."""
        fifo = self.path('fifo')
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        environment = dict(self.environment, LD_PRELOAD=' '.join((self.build.library,) + preloaded), PYMEMFLOW_OUTPUT=fifo)
        process = subprocess.Popen([self.python.path, '-c', self.begin + code], env=environment,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)

        def rest():
            os.set_blocking(reader, True)
            with open(reader, 'rb', closefd=False) as file:
                return reports.Report(file.read().decode('utf-8', 'surrogateescape'))
        try:
            waiting = select.poll()
            waiting.register(reader, select.POLLIN)
            self.wait_until(lambda: waiting.poll(5) or process.poll() is not None)
            assert waiting.poll(0), (process.poll(), process.stderr.read())
            yield process, rest
            out, err = process.communicate(timeout=100)
            assert (out, err) == (b'', b'')
        finally:
            os.close(reader)
            os.unlink(fifo)
            process.kill()
            process.communicate()

    def check_held(self, code, *preloaded):
        with self.report_begun(code, *preloaded) as (process, rest):
            self.wait_until(lambda: self.are_held(process.pid))
            before = self.word(STEPS)
            self.tell()
            time.sleep(0.2)
            assert self.word(STEPS) == before
            report = rest()
        assert process.returncode == 5
        assert report.lost == 0 and has_block(report)

    @pytest.mark.parametrize('end', ['sys.exit(5)', 'ctypes.CDLL(None).exit(5)'], ids=['sys.exit', 'exit'])
    @pytest.mark.parametrize('step', ['count', 'malloc', 'timedwait', 'blocked', 'python'])
    def test_is_held_where_it_is(self, step, end):
        """`python`: it calls back into the interpreter, which has finalized, as soon as it can."""
        self.check_held('library.start_%s()\n%s' % (step, end))

    def test_many_are_held(self):
        self.check_held('for _ in range(100): library.start_blocked()\nsys.exit(5)')

    def test_goes_on_after_the_report(self):
        """An exit handler that runs after the report may need a lock of the thread."""
        later = self.compile('later', LATER)
        self.check_held('library.start_count()\nctypes.CDLL(%r).wait_at_exit(path)\nsys.exit(5)' % later, later)
        assert self.word(HAS_GONE_ON) == 1

    @pytest.mark.parametrize('step', ['fault', 'abort'])
    def test_failure_does_not_end_the_process(self, step):
        """It is not stopped, and fails: without the library the process would be gone."""
        with self.report_begun('library.start_%s()\nsys.exit(5)' % step) as (process, rest):
            self.wait_for_step()
            self.tell()
            self.wait_until(lambda: self.are_held(process.pid))
            report = rest()
        assert process.returncode == 5
        assert report.lost == 0 and has_block(report)

    @pytest.mark.parametrize('end', ['os._exit(5)', 'os.execv("/bin/sh", ["sh", "-c", "exit 5"])'], ids=['_exit', 'exec'])
    def test_other_ends_hold_none(self, end):
        """The interpreter has not finalized, and an exec may fail."""
        with self.report_begun('library.start_count()\n' + end) as (process, rest):
            self.wait_for_step()
            report = rest()
        assert process.returncode == 5
        assert report.lost == 0 and has_block(report)

    def test_program_inherits_no_ignored_signals(self):
        """The library ignores signals during the end, but no program that a thread starts does."""
        code = 'import signal\nsignal.signal(signal.SIGUSR1, signal.SIG_IGN)\nlibrary.start_spawn()\nos._exit(5)'
        with self.report_begun(code) as (process, rest):
            self.tell()
            self.wait_until(lambda: self.word(HAS_GONE_ON) == 1)
            rest()
        assert process.returncode == 5
        before, during = self.read('memory.ignored').splitlines()
        assert before == during and int(before.split()[1], 16) & (1 << 9)

    def test_main_thread_has_ended(self):
        """It is a zombie, which takes no signal."""
        code = self.begin + 'library.start_count()\nlibrary.end_main_thread()'
        run = self.trace.code(code)
        assert (run.status, run.stderr) == (5, '')
        self.check(run)

    def test_filter_of_system_calls(self):
        """The program forbids the call by which a thread is asked to stop."""
        code = 'library.start_count()\nassert library.forbid() == 0\nsys.exit(5)'
        with self.report_begun(code) as (process, rest):
            self.wait_for_step()
            report = rest()
        assert process.returncode == 5
        assert report.lost == 0 and has_block(report)
