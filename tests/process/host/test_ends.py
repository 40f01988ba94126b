"""Processes that end where little is allowed: the program ends as it would without the library, and its
report is complete, or one line says what is lost."""
import os
import re
import resource
import select
import signal
import subprocess
import time

import pytest

import reports
from end_cases import EndCase, has_block

pytestmark = [pytest.mark.known_python, pytest.mark.one_python]
NPROC_USER = 65534


class TestPlaces(EndCase):
    @pytest.mark.parametrize('call', [
        'exit_on_alternate_stack(size(8192), 3)', 'exit_on_alternate_stack(size(4096), 4)',
        'exit_in_small_thread(size(16384), 5)',
        'exit_in_coroutine(size(8192), 6)', 'exit_in_coroutine(size(4096), 7)',
        'exec_in_coroutine(size(16384), 8)'])
    def test_small_stacks(self, call):
        self.check(self.both(self.victim(call)))

    @pytest.mark.parametrize('call', ['exit_with_a_cancellation(4)', 'exec_with_a_cancellation(5)',
                                      'exit_under_cancellations(6)'])
    def test_cancellations(self, call):
        self.check(self.both(self.victim(call)))

    @pytest.mark.parametrize('call', ['exit_beside_loader_lock(3)', 'exit_beside_stream_locks(4)'])
    def test_locks_that_others_hold(self, call):
        self.check(self.both(self.victim(call)))

    @pytest.mark.parametrize('call', ['exit_over_the_loader', 'exit_over_malloc',
                                      'exit_over_getaddrinfo', 'exit_over_streams'])
    def test_handlers_over_something(self, call, rng):
        for _ in range(5):
            run = self.trace.code(self.victim('%s(3, %d)' % (call, rng.randrange(500, 9000))))
            assert (run.status, run.stderr) == (3, '')
            assert list(run.reports) == [run.pid]

    def test_watchdog_beside_a_hanging_import(self):
        hangs = self.compile('hangs', '__attribute__((constructor)) static void hang(void) { pause(); }')
        code = ('import faulthandler, ctypes\nbytes(77777)\n'
                'faulthandler.dump_traceback_later(0.3, exit=True)\nctypes.CDLL(%r)\n'
                % hangs)
        run = self.trace.code(code, timeout=20)
        assert run.status == 1
        self.check(run)


class TestSignals(EndCase):
    @pytest.mark.parametrize('number', ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGXCPU', 'SIGUSR1', 'SIGALRM',
                                        'SIGPIPE', 'SIGRTMIN'])
    @pytest.mark.parametrize('end', ['sys.exit(5)', 'os._exit(5)'])
    def test_signals_while_the_end_is_made(self, number, end):
        """The end waits until standard error is read."""
        code = ('import os, signal, sys, threading\nbytes(77777)\n'
                'threading.Thread(target=threading.Event().wait, daemon=True).start()\n'
                'for i in range(20000): bytes(5000)\n'
                'signal.signal(signal.%s, signal.SIG_DFL)\nos.write(1, b"now")\n%s' % (number, end))
        process = subprocess.Popen(
            [self.python.path, '-c', code], env=dict(self.environment, LD_PRELOAD=self.build.library),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout.read(3) == b'now'
        assert select.select([process.stderr], [], [], 60)[0]
        for _ in range(3):
            process.send_signal(getattr(signal, number))
        _, err = process.communicate(timeout=60)
        assert process.returncode == 5
        report = reports.Report(err.decode())
        assert report.lost == 0 and has_block(report)

    def test_the_mask_before_an_exec(self):
        code = ('import os, signal, sys\n'
                'signal.signal(signal.SIGUSR2, signal.SIG_IGN)\nbytes(77777)\n'
                'signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGPIPE])\n'
                'os.kill(os.getpid(), signal.SIGUSR1)\n'
                'os.execvp("grep", ["grep", "-E", "^(Shd|Sig)(Q|Pnd|Blk|Ign|Cgt|)", '
                '"/proc/self/status"])\n')
        plain = self.trace.code(code, preload=False)
        run = self.trace.code(code)
        assert (run.status, run.stderr) == (0, '')
        without_queue = [re.sub('SigQ.*', '', each.stdout) for each in (run, plain)]
        assert without_queue[0] == without_queue[1]
        self.check(run)

    @pytest.mark.parametrize('end', ['sys.exit(5)', 'os._exit(5)', 'os.execvp("sh", ["sh", "-c", "exit 5"])'])
    @pytest.mark.parametrize('options', [{}, {'PYMEMFLOW_COMPAT': 'dtrace'}, {'PYMEMFLOW_CAPTURE': '/dev/null'}])
    def test_nobody_reads_standard_error(self, end, options):
        code = ('import os, signal, sys\nsignal.signal(signal.SIGPIPE, signal.SIG_DFL)\n'
                'r, w = os.pipe()\nos.dup2(w, 2)\nos.close(w)\nos.close(r)\n%s\n' % end)
        # Once with a pipe that the program made, and once with one that it was started with.
        run = self.trace.code(code, output=None, **options)
        assert run.status == 5
        read_end, write_end = os.pipe()
        os.close(read_end)
        code = 'import os, signal, sys\nsignal.signal(signal.SIGPIPE, signal.SIG_DFL)\n' + end
        status = subprocess.call([self.python.path, '-c', code], stderr=write_end,
                                 env=dict(self.environment, LD_PRELOAD=self.build.library, **options))
        os.close(write_end)
        assert status == 5


class TestDescriptors(EndCase):
    DATA = b'my data\n'

    @pytest.mark.parametrize('become', [
        'os.close(2); file = os.open("data", os.O_CREAT | os.O_RDWR); assert file == 2',
        'os.dup2(os.open("data", os.O_CREAT | os.O_RDWR), 2)',
        'os.dup2(os.open("data", os.O_CREAT | os.O_RDWR), 2, inheritable=False)'])
    @pytest.mark.parametrize('options', [{}, {'PYMEMFLOW_OUTPUT': '/dev/full'},
                                         {'PYMEMFLOW_FLOW': '0'}])
    def test_another_file_is_standard_error_by_now(self, become, options):
        code = 'import os\n%s\nos.write(2, %r)\n' % (become, self.DATA)
        run = self.trace.code(code, output=None, cwd=self.folder, **options)
        assert (run.status, run.stderr) == (0, '')
        assert self.read('data').encode() == self.DATA

    def test_closed_at_the_start(self):
        code = 'import os\nos.write(os.open("data", os.O_CREAT | os.O_RDWR), %r)\n' % self.DATA
        for words in ('2>&-', '2>&- >&- <&-'):
            status = subprocess.call(['sh', '-c', 'exec "$0" -c "$1" ' + words, self.python.path, code],
                                     cwd=self.folder,
                                     env=dict(self.environment, LD_PRELOAD=self.build.library))
            assert status == 0
            assert self.read('data').encode() == self.DATA
            os.remove(self.path('data'))

    def test_put_back_in_time(self):
        """Programs that capture the output of tests do this."""
        code = ('import os, tempfile\nbytes(77777)\nkept = os.dup(2)\nfile = tempfile.TemporaryFile()\n'
                'os.dup2(file.fileno(), 2)\nos.dup2(kept, 2)\n')
        run = self.trace.code(code, output=None)
        assert has_block(reports.Report(run.stderr))

    @pytest.mark.parametrize('exhaust', [
        'while True: os.open("/dev/null", 0)',
        'resource.setrlimit(resource.RLIMIT_NOFILE, (0, 64)); os.open("/dev/null", 0)',
        'while True: os.pipe()'])
    @pytest.mark.parametrize('end', ['os._exit(6)', 'sys.exit(6)',
                                     'os.execv("/bin/sh", ["sh", "-c", "exit 6"])'])
    def test_used_up(self, exhaust, end):
        code = ('import os, resource, sys\nbytes(77777)\n'
                'resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n'
                'try: exec(%r)\nexcept OSError: pass\n%s' % (exhaust, end))
        run = self.trace.code(code)
        if 'sh' not in end:  # without a descriptor, sh cannot be started
            assert (run.status, run.stderr) == (6, '')
        self.check(run)

    @pytest.mark.parametrize('number', [5, 3, 4, 40])
    def test_output_is_a_descriptor_of_the_program(self, number):
        code = ('import os\nbytes(77777)\nfile = os.open("data", os.O_CREAT | os.O_RDWR)\n'
                'os.dup2(file, %d)\n' % number)
        run = self.trace.code(code, cwd=self.folder, PYMEMFLOW_OUTPUT='/dev/fd/%d' % number)
        assert (run.status, run.stdout, run.stderr) == (0, '', '')
        assert has_block(reports.Report(self.read('data')))

    def test_fifo_without_a_reader(self):
        os.mkfifo(self.path('fifo'))
        started = time.monotonic()
        run = self.trace.code('pass', PYMEMFLOW_OUTPUT=self.path('fifo'))
        assert time.monotonic() - started < 10
        assert run.status == 0 and run.stderr == (
            'pymemflow: cannot write the report: nobody reads this FIFO\n')

    def test_fifo_whose_reader_comes_late(self):
        os.mkfifo(self.path('fifo'))
        process = subprocess.Popen([self.python.path, '-c', 'import os\nbytes(77777)\nos.write(1, b"now")'],
                                   env=dict(self.environment, LD_PRELOAD=self.build.library,
                                            PYMEMFLOW_OUTPUT=self.path('fifo')),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout.read(3) == b'now'
        # Nobody has the FIFO open yet. From here on the report waits for a second.
        text = self.read('fifo')
        assert process.communicate(timeout=60)[1] == b'' and process.returncode == 0
        assert has_block(reports.Report(text))

    @pytest.mark.needs_root
    @pytest.mark.needs('setpriv')
    def test_fifo_of_a_stranger(self):
        os.chmod(self.folder, 0o1777)
        subprocess.check_call(['setpriv', '--reuid=%d' % NPROC_USER, '--clear-groups', 'mkfifo', '-m',
                               '666', self.path('fifo')])
        reader = subprocess.Popen(['cat', self.path('fifo')], stdout=subprocess.PIPE)
        try:
            run = self.trace.code('pass', PYMEMFLOW_OUTPUT=self.path('fifo'))
        finally:
            reader.kill()
        out, _ = reader.communicate()
        assert (run.status, out) == (0, b'') and 'already exists and is kept' in run.stderr
        assert 'dtrace:::BEGIN' in self.read('fifo.%d' % run.pid)


class TestLimits(EndCase):
    @pytest.mark.parametrize('action', ['signal.SIG_DFL', 'lambda *a: os.write(1, b"the handler")'])
    @pytest.mark.parametrize('flow', ['1', '0'])
    def test_file_size(self, action, flow):
        code = ('import os, resource, signal\nbytes(77777)\n'
                'resource.setrlimit(resource.RLIMIT_FSIZE, (20000, -1))\n'
                'signal.signal(signal.SIGXFSZ, %s)\nfor i in range(60000): bytes(5000 + i %% 9)\n'
                'os.write(1, b"end")\n' % action)
        run = self.trace.code(code, PYMEMFLOW_FLOW=flow)
        assert (run.status, run.stdout) == (0, 'end')
        assert list(run.reports) == [run.pid]

    def test_file_size_of_nothing(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        done = subprocess.run([self.python.path, '-c', 'import sys; sys.exit(7)'], preexec_fn=limit,
                              stderr=subprocess.PIPE, stdout=subprocess.PIPE, check=False,
                              env=dict(self.environment, LD_PRELOAD=self.build.library))
        assert done.returncode == 7


class TestChildren(EndCase):
    """The host does not notice that the reporter is its child."""

    @pytest.mark.parametrize('how', ['0', '1', '2', '3'])
    def test_waits_by_system_calls(self, how):
        """wait4() and waitid() of syscall(), and waitid() that is given no place for what it finds."""
        script = self.write('script', '#!/no/such/interpreter\n')
        os.chmod(script, 0o755)
        self.check(self.both(self.victim('meet_by_calls(%r, %s)' % (os.fsencode(script), how))))

    @pytest.mark.parametrize('call', [
        'meet_children(script, 0, 0, 0, 0)',                # wait4(-1, 0)
        'meet_children(script, 1, 1, 0, 0)',                # WNOHANG, and a handler
        'meet_children(script, -1, 1, 0, 0)',               # a handler alone
        'meet_children(script, 0, 0, 1, 0)',                # SIGCHLD ignored
        'meet_children(script, 0, 1, 0, 1)',                # adopts orphans
        'meet_children(script, 0x80000000 - 2**32, 1, 0, 1)',  # __WCLONE
        'meet_children(script, 0x40000000, 1, 0, 1)'])      # __WALL
    def test_waits(self, call):
        script = self.write('script', '#!/no/such/interpreter\n')
        os.chmod(script, 0o755)
        code = self.victim(call).replace('script', repr(os.fsencode(script)))
        run = self.both(code)
        assert run.stdout == ''
        self.check(run)

    @pytest.mark.needs_root
    @pytest.mark.needs_namespaces('--pid', '--fork', '--mount-proc')
    @pytest.mark.parametrize('end', ['os._exit(4)', 'sys.exit(4)'])
    def test_first_process(self, end):
        code = ('import os, signal, sys\nassert os.getpid() == 1\nbytes(77777)\n'
                'signal.signal(signal.SIGCHLD, lambda *a: os.write(1, b"a child"))\n%s' % end)
        run = self.trace.program(['unshare', '--pid', '--fork', '--mount-proc', self.python.path, '-c',
                                  code])
        assert (run.status, run.stdout, run.stderr) == (4, '', '')
        assert has_block(run.reports[1])

    @pytest.mark.needs_root
    @pytest.mark.needs_namespaces('--pid', '--fork')
    def test_first_child_of_a_new_namespace(self):
        """The executed program must be able to create it: no other process can follow it in the namespace."""
        code = ('import ctypes, os\nbytes(77777)\nassert ctypes.CDLL(None).unshare(0x20000000) == 0\n'
                'os.execvp("sh", ["sh", "-c", "(:; echo one); :"])')
        plain = self.trace.code(code, preload=False)
        run = self.trace.code(code, output=None, TMPDIR=self.folder)
        assert (run.status, run.stdout) == (plain.status, plain.stdout) == (0, 'one\n')
        self.check_kept(run)

    def check_kept(self, run):
        match = re.search('pymemflow report (/.*)\n', run.stderr)
        assert match, run.stderr
        done = self.cli('report', match.group(1))
        os.remove(match.group(1))
        assert done.status == 0 and has_block(reports.Report(done.stdout))

    FILTER = ('import ctypes, struct, os, sys\nbytes(77777)\n'
              'def refuse(number, action):\n'
              '    rows = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (6, 0, 0, action), (6, 0, 0, 0x7fff0000)]\n'
              '    program = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *r) for r in rows))\n'
              '    head = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", 4, ctypes.addressof(program)))\n'
              '    libc = ctypes.CDLL(None)\n'
              '    assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, head, 0, 0) == 0\n')

    @pytest.mark.skipif(os.uname().machine != 'x86_64', reason='numbers of system calls of x86-64')
    @pytest.mark.parametrize('refused', ['59, 0x00050001', '59, 0x0005000d',  # execve: EPERM, EACCES
                                         '56, 0x0005000b', '56, 0x0005000c'])  # clone: EAGAIN, ENOMEM
    def test_refused(self, refused):
        run = self.trace.code(self.FILTER + 'refuse(%s); os._exit(3)' % refused, output=None,
                              TMPDIR=self.folder)
        assert run.status == 3 and run.stderr.count('\n') == 1
        self.check_kept(run)

    def test_library_without_the_permission_to_run(self):
        copy = self.path('library.so')
        with open(self.build.library, 'rb') as whole, open(copy, 'wb') as file:
            file.write(whole.read())
        os.chmod(copy, 0o644)
        run = self.trace.code('bytes(77777)', LD_PRELOAD=copy)
        assert (run.status, run.stderr) == (0, '')
        self.check(run)

    def test_library_by_a_relative_path_from_elsewhere(self):
        os.symlink(self.build.library, self.path('library.so'))
        run = self.trace.code('import os; os.chdir("/"); bytes(77777)', LD_PRELOAD='./library.so',
                              cwd=self.folder)
        assert (run.status, run.stderr) == (0, '')
        self.check(run)

    def test_library_that_is_gone(self):
        copy = self.path('library.so')
        with open(self.build.library, 'rb') as whole, open(copy, 'wb') as file:
            file.write(whole.read())
        os.chmod(copy, 0o755)
        run = self.trace.code('import os; bytes(77777); os.remove(%r)' % copy, LD_PRELOAD=copy,
                              output=None, TMPDIR=self.folder)
        assert run.status == 0
        self.check_kept(run)

    def test_environment_and_descriptors_of_the_host_are_not_its(self):
        """The options alone decide what the reporter does."""
        run = self.trace.code('import os; bytes(77777); os.pipe(); os.set_inheritable(3, True)',
                              LD_LIBRARY_PATH=self.folder, MALLOC_PERTURB_='3', LD_DEBUG_OUTPUT='x',
                              PYMEMFLOW_FULL_FILE_PATH='1')
        assert run.status == 0
        self.check(run)


class TestNames(EndCase):
    def test_images_of_one_process(self):
        """An exec keeps the process id; each image has its own record."""
        script = self.write('again.py', 'import os, sys\nn = int(sys.argv[1])\nbytes(77777 + n)\n'
                            'if n < 5: os.execv(sys.executable, [sys.executable, sys.argv[0], str(n + 1)])\n')
        run = self.trace.program([self.python.path, script, '0'], output=None,
                                 PYMEMFLOW_CAPTURE=self.path('c.%p'))
        assert (run.status, run.stderr) == (0, '')
        names = ['c.%d' % run.pid] + ['c.%d.%d' % (run.pid, run.pid)] + [
            'c.%d.%d.%d' % (run.pid, run.pid, n) for n in range(2, 6)]
        for n, name in enumerate(names):
            report = self.cli.report(self.path(name))
            assert [1, 77777 + n + 33] in [list(event.arguments) for event in report.events]


class TestLoader(EndCase):
    def test_auditor(self):
        auditor = self.compile('auditor', 'unsigned la_version(unsigned version) { return version; }')
        self.check(self.both('bytes(77777)', LD_AUDIT=auditor))

    @pytest.mark.parametrize('name', ['fstat', 'clock_gettime', 'nanosleep', 'strerror', 'access'])
    def test_functions_of_a_library_that_is_gone(self, name):
        """The library that defines them has run its destructors by then, as with faketime."""
        gone = self.compile('gone', """
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <stdlib.h>
            static int gone;
            static long (*next)(long, long);
            __attribute__((destructor)) static void end(void) { gone = 1; }
            long NAME(long a, long b) {
              if (gone) abort();
              if (next == 0) next = (long (*)(long, long))dlsym(RTLD_NEXT, "NAME");
              return next(a, b);
            }""".replace('NAME', name))
        self.check(self.both('bytes(77777)', after=[gone]))
