"""A signal that ends the command: nothing temporary is left behind, or a line names it, and the command ends by the
signal. The signal comes while the command writes to a pipe that nobody reads, or while it waits in a function that is put in
front of the C library's."""
import os
import re
import signal
import subprocess

import pytest

from end_cases import EndCase

pytestmark = [pytest.mark.one_python, pytest.mark.known_python]
SIGNALS = pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT,
                                             signal.SIGUSR1, signal.SIGXCPU, signal.SIGALRM], ids=lambda n: n.name)
EVENTS = 'for i in range(20000): bytes(1000 + i)\n'


class Case(EndCase):
    @pytest.fixture(autouse=True)
    def own_folder(self, fixtures):
        os.mkdir(self.path('tmp'))
        self.environment['TMPDIR'] = self.path('tmp')

    def start(self, *words, ignored=(), **options):
        """The command, with the default action of each signal but those that are ignored."""
        def reset():
            for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:
                signal.signal(number, signal.SIG_IGN if number in ignored else signal.SIG_DFL)

        options = {'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, 'bufsize': 0, **options}
        return subprocess.Popen([self.cli.path, *words], cwd=self.folder, env=self.environment,
                                stdin=subprocess.DEVNULL, preexec_fn=reset, **options)

    def left(self):
        return sorted(os.listdir(self.path('tmp')))

    def run_into_full_pipe(self, *options, code=EVENTS, **more):
        """`pymemflow run` that has begun to write its report into a pipe, which is full soon."""
        process = self.start('run', *options, '-o', '/dev/stdout', '--', self.python.path, '-c', code, **more)
        assert process.stdout.read(1) == b'd'
        return process


class TestRun(Case):
    @SIGNALS
    def test_record_is_kept(self, number):
        process = self.run_into_full_pipe()
        process.send_signal(number)
        process.wait(timeout=60)  # reading first would let it finish
        out, err = process.communicate()
        assert process.returncode == -number
        kept = re.fullmatch(r'pymemflow: ended by %s before the report was complete; the record is kept in (.*)\n'
                            % number.name, err.decode())
        assert kept, err
        assert self.left() == [kept.group(1).split('/')[-2]]
        report = self.cli('report', kept.group(1)).stdout
        assert report.startswith('d' + out.decode()) and report.rstrip().endswith(' 0 lost')

    def test_records_of_several_processes(self):
        process = self.run_into_full_pipe(code='import os\nif os.fork(): os.wait()\n' + EVENTS)
        process.terminate()
        process.wait(timeout=60)
        _, err = process.communicate(timeout=60)
        folder, = self.left()
        assert err.decode().endswith('the record is kept in %s\n' % self.path('tmp/' + folder))
        assert len(os.listdir(self.path('tmp/' + folder))) == 2

    def test_named_capture(self):
        """It is where the user wants it."""
        process = self.run_into_full_pipe('--capture', 'c')
        process.terminate()
        process.wait(timeout=60)
        assert (process.communicate(timeout=60)[1], process.returncode) == (b'', -signal.SIGTERM)
        assert self.left() == []
        assert self.cli('report', self.path('c')).status == 0

    def test_ignored_stays_ignored(self):
        process = self.run_into_full_pipe(ignored=[signal.SIGHUP])
        process.send_signal(signal.SIGHUP)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err, self.left()) == (0, b'', [])
        assert out.rstrip().endswith(b' 0 lost')

    def test_actions_in_the_program(self):
        code = ('import signal\nprint([number for number in sorted(signal.valid_signals()) if signal.getsignal(number) '
                'not in (signal.SIG_DFL, signal.default_int_handler)], signal.pthread_sigmask(0, []))')
        alone = subprocess.run([self.python.path, '-c', code], stdout=subprocess.PIPE, check=True,
                               restore_signals=False).stdout
        process = self.start('run', '-o', '/dev/null', '--', self.python.path, '-c', code)
        assert process.communicate(timeout=60)[0].replace(b', None, None', b'') == alone.replace(b', None, None', b'')

    def test_nobody_reads_the_lines(self):
        """SIGPIPE ends a gate whose standard output nobody reads; its folder goes."""
        reader, writer = os.pipe()
        os.close(reader)
        process = self.start('gate', '--max-leak=1', '--github', '--', self.python.path, '-c',
                             'import _leaky\nfor i in range(9): _leaky.leaking(10)\n', stdout=writer)
        os.close(writer)
        _, err = process.communicate(timeout=60)
        assert (process.returncode, self.left()) == (-signal.SIGPIPE, []) and b'Broken pipe' not in err


# Stands in front of the functions that give a file its name: tells the test, and waits.
WAITS = r"""
#include <stdlib.h>
#include <unistd.h>
static int wait_here(void) {
  write(atoi(getenv("TELLS")), "x", 1);
  for (;;) pause();
}
int rename(const char *from, const char *to) { return wait_here(); }
int link(const char *from, const char *to) { return wait_here(); }
"""


class TestFiles(Case):
    """The command is interrupted just before the file that it has written gets its name."""

    @pytest.fixture
    def capture(self):
        done = self.cli('run', '--capture', self.path('c'), '-o', '/dev/null', '--', self.python.path, '-c', EVENTS,
                        env=self.environment)
        assert done.status == 0, done
        assert self.cli('compress', self.path('c')).status == 0
        return self.path('c')

    def interrupt(self, number, *words):
        library = self.compile('waits', WAITS)
        reader, writer = os.pipe()
        self.environment.update(LD_PRELOAD=library, TELLS=str(writer))
        process = self.start(*words, pass_fds=[writer])
        os.close(writer)
        assert os.read(reader, 1) == b'x'
        os.close(reader)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        assert process.returncode == -number
        return err.decode()

    WORDS = {'report': ['report', '-o', 'out', 'c'], 'compress': ['compress', '-o', 'out', 'c'],
             'decompress': ['decompress', '-o', 'out', 'c.pmz'], 'diff': ['diff', '--json', 'out', 'c', 'c'],
             'gate': ['gate', '--max-leak=1GB', '--json', 'out', 'c']}

    @pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
    @pytest.mark.parametrize('words', WORDS.values(), ids=WORDS)
    def test_command(self, capture, words, number):
        before = os.listdir(self.folder) + ['waits.c', 'waits.so']
        said = self.interrupt(number, *words)
        assert said == '' or words[0] == 'gate'
        assert set(os.listdir(self.folder)) <= set(before) and self.left() == []

    def test_gate_with_a_program(self):
        self.interrupt(signal.SIGTERM, 'gate', '--max-leak=1GB', '--json', 'out', '--', self.python.path, '-c', EVENTS)
        assert self.left() == [] and not [name for name in os.listdir(self.folder) if name.startswith('out')]

    @pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
    def test_run(self, number):
        said = self.interrupt(number, 'run', '-o', 'out', '--', self.python.path, '-c', EVENTS)
        assert re.fullmatch('pymemflow: ended by %s .* the record is kept in %s/pymemflow[^ ]*\n'
                            % (number.name, self.path('tmp')), said), said
        assert len(self.left()) == 1 and not [name for name in os.listdir(self.folder) if name.startswith('out')]
