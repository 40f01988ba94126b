"""Signals that arrive while the end of a program is made: it ends with its own code, and the report is whole.
Standard error is a pipe that is read later, so the end takes as long as the test wants."""
import os
import select
import signal
import subprocess
import time

import pytest

import reports
from end_cases import EndCase, has_block

pytestmark = [pytest.mark.known_python, pytest.mark.one_python, pytest.mark.needs('cc')]
ENDS = pytest.mark.parametrize('end', ['sys.exit(5)', 'os._exit(5)'])
SIGNAL, THREAD_ID = 0, 4  # SIGEV_...
# More than a pipe holds, so that the end waits for the reader.
START = 'import ctypes, fcntl, os, signal, sys, threading\nbytes(77777)\nfor i in range(3000): bytes(5000)\n'
IDLE = 'threading.Thread(target=threading.Event().wait, daemon=True).start()\n'
NOW = 'os.write(1, b"now")\n'
# A thread that sets a timer once it is told to, by a byte, and then uses processor time.
SETS_TIMER = r'''
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static int input, number;
static char kind;
static struct sigevent event;
static void* set(void* unused) {
  char byte;
  if (read(input, &byte, 1) != 1) return 0;
  if (kind == 'a') ualarm(10000, 10000);
  const struct itimerval interval = {{0, 10000}, {0, 10000}};
  if (kind == 'i') setitimer(number, &interval, 0);
  timer_t timer;
  const struct itimerspec often = {{0, 10000000}, {0, 10000000}};
  if (kind == 'p' && timer_create(number, &event, &timer) == 0) timer_settime(timer, 0, &often, 0);
  for (;;) {}
}
void set_later(int from, const char* which, int its_number, int notify) {
  pthread_t thread;
  input = from;
  kind = *which;
  number = its_number;
  event.sigev_notify = notify;
  event.sigev_signo = SIGUSR1;
  event._sigev_un._tid = syscall(SYS_gettid);
  pthread_create(&thread, 0, set, 0);
}
'''
# (the kind of function, its number, its target), the signal
TIMERS = {
    'setitimer(ITIMER_REAL)': (('i', signal.ITIMER_REAL, 0), 'SIGALRM'),
    'setitimer(ITIMER_VIRTUAL)': (('i', signal.ITIMER_VIRTUAL, 0), 'SIGVTALRM'),
    'setitimer(ITIMER_PROF)': (('i', signal.ITIMER_PROF, 0), 'SIGPROF'),
    'ualarm()': (('a', 0, 0), 'SIGALRM'),
    'timer_create(CLOCK_REALTIME)': (('p', time.CLOCK_REALTIME, SIGNAL), 'SIGUSR1'),
    'timer_create(CLOCK_MONOTONIC), a thread': (('p', time.CLOCK_MONOTONIC, THREAD_ID), 'SIGUSR1'),
    'timer_create(CLOCK_PROCESS_CPUTIME_ID)': (('p', time.CLOCK_PROCESS_CPUTIME_ID, SIGNAL), 'SIGUSR1'),
}


class Case(EndCase):
    def start(self, code, **options):
        process = subprocess.Popen(
            [self.python.path, '-c', START + code], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=dict(self.environment, LD_PRELOAD=self.build.library), **options)
        assert process.stdout.read(3) == b'now'
        # The report begins: from here on nothing else of the program runs in the thread that ends it.
        assert select.select([process.stderr], [], [], 60)[0]
        return process

    def check_end(self, process, out=b''):
        found, err = process.communicate(timeout=60)
        assert (process.returncode, found) == (5, out)
        report = reports.Report(err.decode())
        assert report.lost == 0 and has_block(report)


class TestTimers(Case):
    """The timer ticks every 10 ms while the end is made."""

    @ENDS
    @pytest.mark.parametrize('action', ['signal.SIG_DFL', 'lambda *a: None'], ids=['default', 'handler'])
    @pytest.mark.parametrize('timer, number', TIMERS.values(), ids=TIMERS)
    def test_that_outlive_their_handlers(self, timer, number, action, end):
        """A handler is Python's, which is gone when the report is made."""
        which, its_number, notify = timer
        read, write = os.pipe()
        code = IDLE + 'signal.signal(signal.%s, %s)\nctypes.CDLL(%r).set_later(%d, %r, %d, %d)\n' % (
            number, action, self.compile('timer', SETS_TIMER), read, which.encode(), its_number, notify) + NOW + end
        process = self.start(code, pass_fds=[read])
        os.write(write, b'x')
        time.sleep(0.1)
        self.check_end(process)
        os.close(read)
        os.close(write)


class TestFiles(Case):
    @ENDS
    @pytest.mark.parametrize('number', ['0', 'signal.SIGRTMIN'])
    def test_input_arrives(self, number, end):
        """Asynchronous input raises SIGIO, or the signal that the program has chosen."""
        read, write = os.pipe()
        code = IDLE + (
            'fcntl.fcntl(%d, fcntl.F_SETOWN, os.getpid())\nfcntl.fcntl(%d, 10, int(%s))\n'
            'fcntl.fcntl(%d, fcntl.F_SETFL, fcntl.fcntl(%d, fcntl.F_GETFL) | os.O_ASYNC)\n'
            % (read, read, number, read, read)) + NOW + end
        process = self.start(code, pass_fds=[read])
        for _ in range(20):
            os.write(write, b'x')
        self.check_end(process)
        os.close(read)
        os.close(write)


class TestGroups(Case):
    """The signal goes to the process group, as from a terminal, and so to the processes that make the report."""

    @ENDS
    @pytest.mark.parametrize('number', ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGTSTP', 'SIGALRM', 'SIGPIPE'])
    def test_of_the_program(self, number, end):
        process = self.start(IDLE + 'signal.signal(signal.%s, signal.SIG_DFL)\n' % number + NOW + end,
                             start_new_session=True)
        for _ in range(3):
            os.killpg(process.pid, getattr(signal, number))
        self.check_end(process)

    @ENDS
    def test_stopped_and_continued(self, end):
        process = self.start(IDLE + NOW + end, start_new_session=True)
        os.killpg(process.pid, signal.SIGSTOP)
        time.sleep(0.1)
        os.killpg(process.pid, signal.SIGCONT)
        self.check_end(process)

    @ENDS
    def test_queue(self, end):
        process = self.start(IDLE + 'signal.signal(signal.SIGRTMIN, signal.SIG_DFL)\n' + NOW + end)
        for _ in range(300):
            process.send_signal(signal.SIGRTMIN)
        self.check_end(process)


class TestHandlers(Case):
    """Handlers of the program do not run in the middle of the end."""

    @ENDS
    @pytest.mark.parametrize('number', ['SIGTERM', 'SIGUSR1', 'SIGALRM'])
    def test_handler_that_exits(self, number, end):
        """A handler in C that would end the program with another code."""
        handler = self.compile('handler', '#include <signal.h>\n#include <unistd.h>\n'
                               'static void leave(int number) { _exit(9); }\n'
                               'void handle(int number) { signal(number, leave); }\n')
        code = IDLE + 'ctypes.CDLL(%r).handle(signal.%s)\n' % (handler, number) + NOW + end
        process = self.start(code)
        for _ in range(3):
            process.send_signal(getattr(signal, number))
        self.check_end(process)
