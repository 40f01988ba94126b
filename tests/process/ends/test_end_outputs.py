"""The output of the report at the end of a program: never into a file that the program has opened for itself, and
no further than somebody reads it."""
import os
import re
import socket
import subprocess

import pytest

import reports
from end_cases import EndCase, has_block

pytestmark = [pytest.mark.known_python, pytest.mark.one_python]
DATA = b'my data\n'
OPEN = 'os.open("data", os.O_CREAT | os.O_RDWR, 0o600)'

# Sets `number` to the descriptor of the record. The library has one more, of /proc/self/statm.
FIND = '''import os
links = {}
for name in os.listdir('/proc/self/fd'):
    try: links[int(name)] = os.readlink('/proc/self/fd/' + name)
    except OSError: pass
number = max(each for each in links if not links[each].endswith('/statm'))
'''


class Case(EndCase):
    def run_words(self, code, end='', **options):
        """Runs Python in a folder of its own, by a shell that redirects descriptors."""
        variables = {name: options.pop(name) for name in list(options) if name.isupper()}
        return subprocess.run(['sh', '-c', 'exec "$0" -c "$1" ' + end, self.python.path, code], cwd=self.folder,
                              env=dict(self.environment, LD_PRELOAD=self.build.library, **variables),
                              stderr=subprocess.PIPE, check=False, timeout=100, **options)

    def check_kept(self, text, number):
        kept = re.match('pymemflow: descriptor %d is closed, or another file by now: the record is kept; print its '
                        'report with: pymemflow report (/.*)\n$' % number, text)
        assert kept, text
        report = self.cli.report(kept.group(1))
        os.remove(kept.group(1))
        assert has_block(report)


class TestStandardOutput(Case):
    """PYMEMFLOW_OUTPUT names standard output, and the program has another file there by now."""

    @pytest.mark.parametrize('name', ['-', '/dev/stdout', '/dev/fd/1', '/proc/self/fd/1'])
    @pytest.mark.parametrize('become', ['os.close(1); assert %s == 1' % OPEN, 'os.dup2(%s, 1)' % OPEN,
                                        'os.dup2(%s, 1, inheritable=False)' % OPEN])
    def test_another_file(self, name, become):
        code = 'import os\nbytes(77777)\n%s\nos.write(1, %r)\n' % (become, DATA)
        run = self.trace.code(code, output=None, cwd=self.folder, PYMEMFLOW_OUTPUT=name, TMPDIR=self.folder)
        assert (run.status, run.stdout) == (0, '')
        assert self.read('data').encode() == DATA
        self.check_kept(run.stderr, 1)

    @pytest.mark.parametrize('end', ['sys.exit(5)', 'os._exit(5)', 'os.execvp("sh", ["sh", "-c", "exit 5"])'])
    def test_ends(self, end):
        code = 'import os, sys\nbytes(77777)\nos.dup2(%s, 1)\nos.write(1, %r)\n%s' % (OPEN, DATA, end)
        run = self.trace.code(code, output=None, cwd=self.folder, PYMEMFLOW_OUTPUT='-', TMPDIR=self.folder)
        assert (run.status, run.stdout) == (5, '')
        assert self.read('data').encode() == DATA
        self.check_kept(run.stderr, 1)

    def test_closed(self):
        """By the program, or before its start: its first file has the number then."""
        run = self.trace.code('import os\nbytes(77777)\nos.close(1)', output=None, PYMEMFLOW_OUTPUT='-',
                              TMPDIR=self.folder)
        assert run.status == 0
        self.check_kept(run.stderr, 1)
        for words in ('>&-', '<&- >&-'):
            code = 'import os\nbytes(77777)\nwhile %s < 1: pass\nos.write(1, %r)\n' % (OPEN, DATA)
            done = self.run_words(code, words, PYMEMFLOW_OUTPUT='/dev/stdout', TMPDIR=self.folder)
            assert done.returncode == 0
            self.check_kept(done.stderr.decode(), 1)
            assert self.read('data').encode() == DATA
            os.remove(self.path('data'))

    def test_higher_descriptor_of_the_shell(self):
        """It was open at the start; the program has given its number to another file."""
        code = 'import os\nbytes(77777)\nos.dup2(%s, 7)\nos.write(7, %r)\n' % (OPEN, DATA)
        done = self.run_words(code, '7>report', PYMEMFLOW_OUTPUT='/dev/fd/7', TMPDIR=self.folder)
        assert done.returncode == 0 and self.read('report') == ''
        assert self.read('data').encode() == DATA
        self.check_kept(done.stderr.decode(), 7)

    @pytest.mark.parametrize('number', [3, 7, 77])
    def test_descriptor_that_is_not_open(self, number):
        """Such as in a child of subprocess, which closes what its parent had open."""
        run = self.trace.code('bytes(77777)\nprint(1)', output=None, PYMEMFLOW_OUTPUT='/dev/fd/%d' % number,
                              TMPDIR=self.folder)
        assert (run.status, run.stdout) == (0, '1\n')
        self.check_kept(run.stderr, number)

    def test_descriptor_of_the_record(self):
        find = FIND + 'print(number)\n'
        number = int(self.trace.code(find).stdout)
        run = self.trace.code('bytes(77777)\n', output=None, PYMEMFLOW_OUTPUT='/dev/fd/%d' % number,
                              TMPDIR=self.folder)
        assert (run.status, run.stdout) == (0, '')
        self.check_kept(run.stderr, number)

    def test_forked_child(self):
        """Its parent's standard output is as it was, the child's is not."""
        code = ('import os\nif os.fork() == 0:\n    bytes(77777)\n    os.dup2(%s, 1)\n    os.write(1, %r)\n'
                '    os._exit(0)\nassert os.wait()[1] == 0\nbytes(66666)\n' % (OPEN, DATA))
        run = self.trace.code(code, output=None, cwd=self.folder, PYMEMFLOW_OUTPUT='-', TMPDIR=self.folder)
        assert run.status == 0 and self.read('data').encode() == DATA
        assert 66666 + 33 in {size for event in reports.Report(run.stdout).events for size in event.arguments}
        self.check_kept(run.stderr, 1)

    def test_back_in_time(self):
        code = ('import os\nbytes(77777)\nkept = os.dup(1)\nos.dup2(%s, 1)\nos.write(1, %r)\nos.dup2(kept, 1)\n'
                % (OPEN, DATA))
        run = self.trace.code(code, output=None, cwd=self.folder, PYMEMFLOW_OUTPUT='-')
        assert (run.status, run.stderr) == (0, '') and self.read('data').encode() == DATA
        assert has_block(reports.Report(run.stdout))

    def test_no_trace_of_a_daemon(self):
        """Nobody would read where the record is kept, so nothing is left behind."""
        code = ('import os\nbytes(77777)\nnull = os.open(os.devnull, os.O_RDWR)\n'
                'for n in range(3): os.dup2(null, n)\n')
        run = self.trace.code(code, output=None, PYMEMFLOW_OUTPUT='-', TMPDIR=self.folder)
        assert (run.status, run.stdout, run.stderr, os.listdir(self.folder)) == (0, '', '', [])


class TestRecord(Case):
    """The program has put a file of its own on the number of the record."""

    REPLACE = FIND + 'bytes(77777)\nfile = %s\nos.dup2(file, number)\n' % OPEN

    @pytest.mark.parametrize('name', [None, 'capture'])
    @pytest.mark.parametrize('close', ['os.close(number)', 'os.closerange(number, number + 1)',
                                       'ctypes.CDLL(None).close_range(number, number, 0)'])
    def test_is_closed_as_any_other(self, name, close):
        variables = {'PYMEMFLOW_CAPTURE': self.path(name)} if name else {}
        code = self.REPLACE + ('import ctypes\nos.write(number, %r)\n%s\n'
                               'try: os.fstat(number)\nexcept OSError: print("closed")\n' % (DATA, close))
        run = self.trace.code(code, output=self.path('report'), cwd=self.folder, **variables)
        assert (run.status, run.stdout) == (0, 'closed\n') and self.read('data').encode() == DATA
        outcome = ('a descriptor of the record: print its report with: pymemflow report ' + self.path('capture')
                   if name else 'the descriptor of the record: it is lost')
        assert run.stderr.splitlines()[-1] == 'pymemflow: the program closed ' + outcome
        assert not os.path.exists(self.path('report'))
        if name:
            assert has_block(self.cli.report(self.path('capture')))

    def test_is_not_reported(self):
        """The file is a record too, of another process."""
        self.trace.code('bytes(55555)', output=None, PYMEMFLOW_CAPTURE=self.path('data'))
        with open(self.path('data'), 'rb') as file:
            before = file.read()
        run = self.trace.code(self.REPLACE, output=self.path('report'), cwd=self.folder)
        assert run.status == 0
        assert run.stderr.endswith('pymemflow: the program closed the descriptor of the record: it is lost\n')
        assert not os.path.exists(self.path('report'))
        with open(self.path('data'), 'rb') as file:
            assert file.read() == before


class TestStandardError(Case):
    """Descriptor 2 is something else than at the start."""

    def test_pipe_to_another_process(self):
        """Its reader gets the program's data alone."""
        code = ('import os, subprocess, sys\nos.close(2)\n'
                'child = subprocess.Popen(["cat"], stdin=subprocess.PIPE)\nos.dup2(child.stdin.fileno(), 2)\n'
                'os.write(2, %r)\nchild.stdin.close()\nos._exit(5)\n' % DATA)
        run = self.trace.code(code, output=None)
        assert (run.status, run.stdout.encode(), run.stderr) == (5, DATA, '')

    def test_socket(self):
        ours, theirs = socket.socketpair()
        code = 'import os\nos.dup2(%d, 2)\nos.write(2, %r)\n' % (theirs.fileno(), DATA)
        done = self.run_words(code, pass_fds=[theirs.fileno()])
        theirs.close()
        assert (done.returncode, done.stderr) == (0, b'')
        assert ours.recv(1 << 20) == DATA and ours.recv(1) == b''

    def test_log_that_was_rotated(self):
        """The file has the name of the old one, and is another."""
        code = ('import os\nos.rename("log", "log.1")\n'
                'os.dup2(os.open("log", os.O_CREAT | os.O_WRONLY, 0o600), 2)\nos.write(2, %r)\n' % DATA)
        done = self.run_words(code, '2>log')
        assert (done.returncode, self.read('log').encode(), self.read('log.1')) == (0, DATA, '')

    def test_same_file_opened_again(self):
        """Under another number in between, and with another position: it is standard error still."""
        code = 'import os\nbytes(77777)\nos.dup2(os.open("log", os.O_WRONLY | os.O_APPEND), 2)\n'
        done = self.run_words(code, '2>log')
        assert done.returncode == 0 and has_block(reports.Report(self.read('log')))

    def test_daemon(self):
        """Its second child has opened a file in place of standard error."""
        alive, is_alive = os.pipe()
        code = ('import os\nif os.fork(): os._exit(0)\nos.setsid()\nif os.fork(): os._exit(0)\n'
                'null = os.open(os.devnull, os.O_RDWR)\nfor n in range(3): os.dup2(null, n)\n'
                'os.dup2(%s, 2)\nos.write(2, %r)\n' % (OPEN, DATA))
        done = self.run_words(code, pass_fds=[is_alive])
        os.close(is_alive)
        assert done.returncode == 0 and os.read(alive, 1) == b''
        os.close(alive)
        assert self.read('data').encode() == DATA


ENDS = pytest.mark.parametrize('end', ['sys.exit(5)', 'os._exit(5)', 'os.execvp("sh", ["sh", "-c", "exit 5"])'])
START = 'import os, signal, sys\nfor i in range(3000): bytes(5000)\n'


class TestNobodyReads(Case):
    def ends(self, code, end, stderr, **options):
        done = subprocess.Popen([self.python.path, '-c', START + code + end], stderr=stderr, stdout=subprocess.PIPE,
                                env=dict(self.environment, LD_PRELOAD=self.build.library), **options)
        out, _ = done.communicate(timeout=100)
        return done.returncode, out

    @ENDS
    def test_socket_whose_peer_is_gone(self, end):
        ours, theirs = socket.socketpair()
        ours.close()
        assert self.ends('signal.signal(signal.SIGPIPE, signal.SIG_DFL)\n', end, theirs) == (5, b'')
        theirs.close()

    @ENDS
    def test_terminal_that_hung_up(self, end):
        master, terminal = os.openpty()
        os.close(master)
        code = ('signal.signal(signal.SIGHUP, signal.SIG_DFL)\nsignal.signal(signal.SIGTTOU, signal.SIG_DFL)\n')
        assert self.ends(code, end, terminal) == (5, b'')
        os.close(terminal)

    @ENDS
    def test_handler_of_the_program(self, end):
        """It is not called for a write that the program did not make."""
        read, write = os.pipe()
        os.close(read)
        code = 'import ctypes\nsignal.signal(signal.SIGPIPE, lambda *a: os.write(1, b"the handler"))\n'
        assert self.ends(code, end, write) == (5, b'')
        os.close(write)

    def test_nothing_is_left_pending(self):
        """The signal is blocked, and the program that is executed unblocks it."""
        read, write = os.pipe()
        os.close(read)
        code = ('signal.signal(signal.SIGPIPE, signal.SIG_DFL)\n'
                'signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGPIPE])\n')
        end = ('os.environ.pop("LD_PRELOAD")\nos.execv(sys.executable, [sys.executable, "-c", '
               '"import signal, sys; assert not signal.sigpending(); sys.exit(5)"])')
        assert self.ends(code, end, write) == (5, b'')
        os.close(write)

    @ENDS
    def test_reader_that_goes_in_the_middle(self, end):
        process = subprocess.Popen(
            [self.python.path, '-c', START + 'signal.signal(signal.SIGPIPE, signal.SIG_DFL)\n' + end],
            stderr=subprocess.PIPE, env=dict(self.environment, LD_PRELOAD=self.build.library))
        assert process.stderr.read(100)
        process.stderr.close()
        assert process.wait(timeout=100) == 5

    def test_full_disk(self):
        with open('/dev/full', 'wb') as full:
            assert self.ends('', 'os._exit(5)', full) == (5, b'')


class TestNamesThatAreNoFiles(Case):
    """The name of the report is taken by something that cannot be written to."""

    def run_to(self, name):
        run = self.trace.code('bytes(77777)\n', output=None, PYMEMFLOW_OUTPUT=self.path(name))
        assert run.status == 0
        return run

    def test_socket(self):
        server = socket.socket(socket.AF_UNIX)
        server.bind(self.path('name'))
        server.listen()
        run = self.run_to('name')
        server.settimeout(0.1)
        with pytest.raises(socket.timeout):
            server.accept()
        server.close()
        assert run.stderr.count('\n') == 1 and 'pymemflow: ' in run.stderr

    def test_folder_that_comes_later(self):
        run = self.trace.code('import os; bytes(77777); os.mkdir(%r)' % self.path('name'), output=None,
                              PYMEMFLOW_OUTPUT=self.path('name'))
        assert run.status == 0 and run.stderr.count('\n') == 1
        assert 'Is a directory' in run.stderr

    def test_folder_that_goes(self):
        os.mkdir(self.path('d'))
        run = self.trace.code('import os; bytes(77777); os.rmdir(%r)' % self.path('d'), output=None,
                              PYMEMFLOW_OUTPUT=self.path('d/report'))
        assert run.status == 0 and run.stderr.count('\n') == 1 and 'No such file' in run.stderr

    def test_folder_that_is_missing(self):
        run = self.trace.code('bytes(77777)', output=None, PYMEMFLOW_OUTPUT=self.path('d/report'))
        assert run.stderr == ('pymemflow: PYMEMFLOW_OUTPUT=%s: its folder does not exist; this program runs untraced\n'
                              % self.path('d/report'))

    def test_no_terminal(self):
        """Without a controlling terminal /dev/tty cannot be opened, which is said at once."""
        run = self.trace.code('import os\nif os.fork() == 0:\n    os.setsid()\n    bytes(77777)\n    os._exit(0)\n'
                              'os.wait()\nos.close(2)\n', output=None, PYMEMFLOW_OUTPUT='/dev/tty')
        assert 'cannot write the report: there is no such device, or no terminal\n' in run.stderr

    def test_fifo_whose_reader_reads_nothing_and_goes(self):
        os.mkfifo(self.path('name'))
        reader = os.open(self.path('name'), os.O_RDONLY | os.O_NONBLOCK)
        code = START + 'signal.signal(signal.SIGPIPE, signal.SIG_DFL)\nos.write(1, b"now")\nos._exit(5)'
        process = subprocess.Popen([self.python.path, '-c', code], stdout=subprocess.PIPE,
                                   env=dict(self.environment, LD_PRELOAD=self.build.library,
                                            PYMEMFLOW_OUTPUT=self.path('name')))
        assert process.stdout.read(3) == b'now'
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=1)
        os.close(reader)
        assert process.wait(timeout=100) == 5
