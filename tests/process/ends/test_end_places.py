"""Processes that end on small stacks, with cancellations, by several threads, beside threads that never give a
lock back, and in handlers of signals."""
import os

import pytest

import reports
from end_cases import EndCase, has_block

pytestmark = [pytest.mark.known_python, pytest.mark.one_python]

# Each takes a lock of the C library or the loader, says so in the pipe of the variable, and never gives it back.
HANGS = ('#include <stdlib.h>\n#include <unistd.h>\n__attribute__((%s)) static void hang(void) {\n'
         'if (write(atoi(getenv("HANGS")), "x", 1) == 1) for (;;) pause(); }\n')
# Each ends the process at a moment at which the loader is at work.
ENDS = '#include <unistd.h>\n__attribute__((%s)) static void end(void) { _exit(6); }\n'
RESOLVES = ('#include <unistd.h>\nstatic int end(void) { _exit(6); }\nstatic int other(void) { return 7; }\n'
            'static int (*resolve(void))(void) { return getenv("NEVER") == 0 ? (end(), other) : other; }\n'
            'int found(void) __attribute__((ifunc("resolve")));\nint call(void) { return found(); }\n')
OPENS = 'import ctypes, os, sys, threading, _ctypes\nbytes(77777)\n'


class Case(EndCase):
    def place(self, call):
        return self.victim(call, 'ends_in_places')


class TestStacks(Case):
    @pytest.mark.parametrize('call', [
        'exit_after_overflow(3)', 'exit_with_handlers_in_small_thread(size(16384), 4)',
        'quick_exit_in_small_thread(size(16384), 5)', 'exec_in_small_thread(size(16384), b"exit 6")'])
    def test_small(self, call):
        self.check(self.both(self.place(call)))

    @pytest.mark.parametrize('bytes_of_stack', [16384, 1 << 20])
    def test_of_the_last_thread(self, bytes_of_stack):
        """The first thread has ended, so that /proc/self has neither descriptors nor memory."""
        run = self.both(self.place('end_with_the_last_thread(size(%d))' % bytes_of_stack))
        self.check(run)
        assert run.report.counts('malloc', by='engine')['ends_in_places.so', 'outlive_the_first'] == 7

    @pytest.mark.parametrize('options', [{'PYMEMFLOW_CAPTURE': 'c'}, {'PYMEMFLOW_OUTPUT': '-'}])
    def test_of_the_last_thread_with_other_outputs(self, options):
        run = self.trace.code(self.place('end_with_the_last_thread(size(0))'), cwd=self.folder,
                              output=None, **options)
        assert (run.status, run.stderr) == (0, '')
        assert has_block(self.cli.report(self.path('c')) if 'PYMEMFLOW_CAPTURE' in options
                         else reports.Report(run.stdout))

    @pytest.mark.parametrize('kibibytes', [64, 256])
    @pytest.mark.parametrize('end', ['os._exit(6)', 'sys.exit(6)', 'os.execv("/bin/sh", ["sh", "-c", "exit 6"])'])
    def test_limit_of_the_stack(self, kibibytes, end):
        """It is the limit of the process that makes the report, too."""
        code = ('import os, resource, sys\nbytes(77777)\nresource.setrlimit(resource.RLIMIT_STACK, (%d, %d))\n%s'
                % (kibibytes << 10, kibibytes << 10, end))
        self.check(self.both(code))


class TestCancellations(Case):
    @pytest.mark.parametrize('call', ['exit_with_an_asynchronous_cancellation(3)',
                                      'exit_while_a_cancellation_acts(4)', 'exit_while_a_thread_ends(5)'])
    def test_pending(self, call):
        self.check(self.both(self.place(call)))

    def test_failed_exec(self):
        script = self.write('script', '#!/no/such/interpreter\n')
        os.chmod(script, 0o755)
        self.check(self.both(self.place('failed_exec_with_a_cancellation(%r, 6)' % os.fsencode(script))))


class TestSeveral(Case):
    @pytest.mark.parametrize('threads', [1, 8])
    @pytest.mark.parametrize('with_handlers', [0, 1])
    def test_threads_that_end_at_once(self, threads, with_handlers):
        self.check(self.both(self.place('exit_by_all(%d, %d, 3)' % (threads, with_handlers))))

    @pytest.mark.parametrize('call', ['exit_in_exit_handler(3)', 'exit_beside_exit(4)', 'exit_beside_fork(5)',
                                      'exit_in_fork_handler(6)'])
    def test_handlers_that_end_or_never_return(self, call):
        self.check(self.both(self.place(call)))


@pytest.mark.needs('cc')
class TestLoader(Case):
    """The loader is at work in another thread, or in the one that ends the process."""

    @pytest.mark.parametrize('what', ['constructor', 'destructor'])
    @pytest.mark.parametrize('end', ['os._exit(6)', 'os.execv("/bin/sh", ["sh", "-c", "exit 6"])'])
    def test_thread_that_hangs(self, what, end):
        hangs = self.compile('hangs', HANGS % what)
        # Functions of ctypes give the GIL away meanwhile, as CDLL(path) does not.
        code = OPENS + ('libc = ctypes.CDLL(None)\nlibc.dlopen.restype = ctypes.c_void_p\n'
                        'def load(): libc.dlclose(ctypes.c_void_p(libc.dlopen(%r, os.RTLD_NOW)))\n'
                        'read, write = os.pipe()\nos.environ["HANGS"] = str(write)\n'
                        'threading.Thread(target=load, daemon=True).start()\nos.read(read, 1)\n%s'
                        % (os.fsencode(hangs), end))
        self.check(self.both(code))

    @pytest.mark.parametrize('what', ['constructor', 'destructor'])
    def test_inside(self, what):
        ends = self.compile('ends', ENDS % what)
        run = self.both(OPENS + '_ctypes.dlclose(ctypes.CDLL(%r)._handle)' % ends)
        assert run.status == 6
        self.check(run)

    def test_inside_of_a_relocation(self):
        """A function that chooses an implementation runs before its library is relocated."""
        run = self.both(OPENS + 'ctypes.CDLL(%r, mode=os.RTLD_NOW)' % self.compile('resolves', RESOLVES))
        assert run.status == 6
        self.check(run)


@pytest.mark.needs('cc')
class TestHandlers(Case):
    """A signal arrives inside of a given function of the C library, and its handler ends the process."""

    @pytest.mark.parametrize('which', ['o', 'c', 'm', 'g', 't', 'f'])
    def test_exit(self, which, rng):
        empty = self.compile('empty', 'int nothing;')
        for _ in range(3):
            call = 'exit_inside(%r, %r, 3, %d)' % (which.encode(), os.fsencode(empty), rng.randrange(50, 3000))
            run = self.trace.code(self.place(call), timeout=60)
            assert (run.status, run.stderr) == (3, '')
            assert run.pid in run.reports and (which == 'f' or list(run.reports) == [run.pid])
            assert run.report.lost == 0
