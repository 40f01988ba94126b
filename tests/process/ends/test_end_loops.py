"""Ends in loops: a watchdog beside a library that hangs, handlers that interrupt functions of the C library, and
programs that look for children all the time."""
import os
import subprocess
import time

import pytest

from end_cases import EndCase

pytestmark = [pytest.mark.known_python, pytest.mark.one_python, pytest.mark.soak('ends'), pytest.mark.needs('cc')]
HANGS = '#include <unistd.h>\n__attribute__((constructor)) static void hang(void) { for (;;) pause(); }\n'
# The thread that hangs: the first one, or another one while the first waits.
HANG = {'first': 'ctypes.CDLL(%r)',
        'other': 'threading.Thread(target=ctypes.CDLL(None).dlopen, args=(os.fsencode(%r), 2)).start()'}
FUNCTIONS = {'dlopen': 'o', 'dlclose': 'c', 'malloc': 'm', 'getaddrinfo': 'g'}
WAITS = {
    'waitpid(-1)': 'meet_children(script, 0, 0, 0, 0)',
    'waitpid(-1, WNOHANG), a handler': 'meet_children(script, 1, 1, 0, 0)',
    'a handler of SIGCHLD': 'meet_children(script, -1, 1, 0, 0)',
    'wait4(__WALL), a handler, a subreaper': 'meet_children(script, 0x40000000, 1, 0, 1)',
    'wait4(__WCLONE)': 'meet_children(script, 0x80000000 - 2**32, 0, 0, 0)',
    'SIGCHLD ignored': 'meet_children(script, 0, 0, 1, 0)',
    'wait4() by syscall()': 'meet_by_calls(script, 0)',
    'waitid() by syscall()': 'meet_by_calls(script, 1)',
}


class TestWatchdog(EndCase):
    @pytest.mark.parametrize('thread', HANG)
    def test_beside_a_library_that_hangs(self, length, thread):
        """faulthandler writes where the threads are, and ends the program by _exit(1)."""
        rounds = length.pick(1, 50)
        code = ('import ctypes, faulthandler, os, threading\nbytes(77777)\n'
                'faulthandler.dump_traceback_later(1, exit=True)\n'
                + HANG[thread] % self.compile('hangs', HANGS))
        slowest = 0
        for n in range(rounds):
            process = subprocess.Popen([self.python.path, '-c', code], stderr=subprocess.PIPE,
                                       env=dict(self.environment, LD_PRELOAD=self.build.library,
                                                PYMEMFLOW_OUTPUT=self.path('report.%d' % n)))
            assert process.stderr.readline().startswith(b'Timeout')
            start = time.monotonic()
            _, err = process.communicate(timeout=60)
            slowest = max(slowest, time.monotonic() - start)
            assert process.returncode == 1 and b'pymemflow' not in err
            assert self.read('report.%d' % n).endswith(' 0 lost\n')
        assert slowest < 2 or not length.is_long
        length.say('%d of %d ends by a watchdog (%s thread hangs in dlopen): exit code 1, the slowest %.3f s after '
                   'the dump' % (rounds, rounds, thread, slowest))


class TestHandlers(EndCase):
    @pytest.mark.parametrize('function', FUNCTIONS)
    def test_exit(self, length, function, rng):
        rounds = length.pick(1, 50)
        empty = os.fsencode(self.compile('empty', 'int nothing;'))
        for n in range(rounds):
            code = n % 100 + 3
            call = 'exit_inside(%r, %r, %d, %d)' % (FUNCTIONS[function].encode(), empty, code, rng.randrange(50, 3000))
            run = self.trace.code(self.victim(call, 'ends_in_places'), timeout=60)
            assert (run.status, run.stderr) == (code, '')
            self.check(run)
        length.say('%d of %d ends in a handler that interrupts %s: the right exit code, and the report is complete'
                   % (rounds, rounds, function))


class TestStrangers(EndCase):
    """A program without children finds none, however it looks for them."""

    @pytest.fixture(autouse=True)
    def rounds(self, fixtures, length):
        self.length, self.rounds, self.processes = length, length.pick(10, 100), length.pick(1, 5)
        self.script = self.write('script', '#!/no/such/interpreter\n')
        os.chmod(self.script, 0o755)

    def look(self, wait, *words):
        code = self.victim('meet_so_often(%d)\nvictim.%s' % (self.rounds, WAITS[wait].replace(
            'script', repr(os.fsencode(self.script)))))
        for _ in range(self.processes):
            run = self.trace.program([*words, self.python.path, '-c', code], output='report')
            assert (run.status, run.stdout, run.stderr) == (0, '', '')
        self.length.say('%s%s: no child of the library in %d ends' % (
            wait, ', as process 1' if words else '', (self.rounds + 1) * self.processes))

    @pytest.mark.parametrize('wait', WAITS)
    def test_any_process(self, wait):
        self.look(wait)

    @pytest.mark.needs_root
    @pytest.mark.needs_namespaces('--pid', '--fork', '--mount-proc')
    @pytest.mark.parametrize('wait', WAITS)
    def test_first_process(self, wait):
        self.look(wait, 'unshare', '--pid', '--fork', '--mount-proc')
