"""pymemflow start PID and stop PID: the events that a running process records, in each kind of record;
and the message for a process that cannot be controlled."""
import os
import shutil
import subprocess

import pytest

import cases
import reports
import runs

pytestmark = pytest.mark.known_python
# Allocates as many bytes as it is told to on each line of its input.
TOLD = '''
import ctypes, os, sys
malloc = ctypes.CDLL(None).malloc
malloc.restype, malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
def allocate(size):
    return malloc(size)
print('ready', flush=True)
for line in sys.stdin:
    if line == 'fork\\n':
        child = os.fork()
        if child:
            os.write(1, b'%d\\n' % child)
            os.waitpid(child, 0)
            continue
        os.write(1, b'forked\\n')
        continue
    allocate(int(line))
    print('done', flush=True)
'''


class Program:
    """A process that runs TOLD."""

    def __init__(self, case, preload=True, code=TOLD, before=(), **environment):
        full = dict(case.environment)
        if preload:
            full.update(LD_PRELOAD=case.build.library, PYMEMFLOW_OUTPUT=case.path('report'))
        full.update(environment)
        full = {name: value for name, value in full.items() if value is not None}
        self.process = subprocess.Popen([*before, case.python.path, '-c', code], env=full, cwd=case.folder,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        case.programs.append(self)
        self.read()

    def read(self):
        return self.process.stdout.readline().decode().strip()

    def tell(self, word):
        self.process.stdin.write(b'%s\n' % str(word).encode())
        self.process.stdin.flush()
        return self.read()

    def end(self):
        if self.process.stdin.closed:
            return
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


class Case(cases.Case):
    @pytest.fixture(autouse=True)
    def ended(self, fixtures):
        self.programs = []
        yield
        for program in self.programs:
            program.end()

    def order(self, command, process, expected=None):
        done = self.cli(command, str(process))
        assert (done.status, done.stderr) == (0, '')
        if expected is not None:
            assert done.stdout == 'process %d %s\n' % (process, expected)

    def text(self, name='report'):
        return self.read(name)


class TestControl(Case):
    def check_sizes(self, *expected, **environment):
        """Sizes between start and stop are recorded, and no others."""
        program = Program(self, PYMEMFLOW_START='manual', **environment)
        pid = program.process.pid
        program.tell(77001)
        self.order('start', pid, 'is now recording')
        self.order('start', pid, 'is already recording')
        program.tell(77002)
        self.order('stop', pid, 'is now paused')
        self.order('stop', pid, 'is already paused')
        program.tell(77003)
        self.order('start', pid, 'is now recording')
        program.tell(77004)
        program.end()
        assert program.process.returncode == 0

    def test_every_event(self):
        self.check_sizes()
        report = reports.Report(self.text())
        assert report.sizes('allocate') == [77002, 77004]
        assert report.lost == 0

    def test_ring(self):
        self.check_sizes(PYMEMFLOW_RING='64KiB')
        assert reports.Report(self.text()).sizes('allocate') == [77002, 77004]

    def test_sums(self):
        self.check_sizes(PYMEMFLOW_FLOW='0')
        assert '   <string>, allocate, bytes total = %d \n' % (77002 + 77004) in self.text()

    def test_named_capture(self):
        self.check_sizes(PYMEMFLOW_CAPTURE=self.path('capture'))
        assert reports.Report(self.text()).sizes('allocate') == [77002, 77004]

    def test_run_command_hands_it_on(self):
        done = self.cli('run', '--start=manual', self.python.path, '-c', 'pass')
        assert 'no Python ran' in done.stderr

    def test_forked_child(self):
        program = Program(self, PYMEMFLOW_START='manual')
        # Of two processes, in any order.
        said = {program.tell('fork'), program.read()}
        assert 'forked' in said
        child = int((said - {'forked'}).pop())
        runs.check_error(self.cli('start', str(child)), 'was forked from',
                         'it follows %d' % program.process.pid)
        self.order('start', program.process.pid, 'is now recording')
        program.tell(77005)
        self.order('stop', child, 'is now paused')
        program.tell(77006)
        program.end()
        assert reports.Report(self.text('report.%d' % child)).sizes('allocate') == [77005]


@pytest.mark.needs_root
@pytest.mark.needs_namespaces('--pid', '--fork', '--kill-child', '--mount-proc')
class TestNamespaces(Case):
    """The record has the id that the process has in its own namespace."""

    def start(self, **environment):
        """The program, and its id as it is seen from here."""
        before = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc']
        program = Program(self, before=before, PYMEMFLOW_START='manual', **environment)
        with open('/proc/%d/task/%d/children' % ((program.process.pid,) * 2), encoding='utf-8') as file:
            return program, int(file.read().split()[0])

    @pytest.mark.parametrize('name', [None, 'capture'])
    def test_first_process(self, name):
        program, pid = self.start(PYMEMFLOW_CAPTURE=name and self.path(name))
        program.tell(77001)
        self.order('start', pid, 'is now recording')
        program.tell(77002)
        self.order('stop', pid, 'is now paused')
        program.tell(77003)
        program.end()
        text = self.cli('report', self.path(name)).stdout if name else self.text()
        assert reports.Report(text).sizes('allocate') == [77002]

    def test_child_that_has_recorded_nothing(self):
        program, pid = self.start()
        said = {program.tell('fork'), program.read()}
        assert 'forked' in said
        with open('/proc/%d/task/%d/children' % (pid, pid), encoding='utf-8') as file:
            child = int(file.read().split()[0])
        runs.check_error(self.cli('start', str(child)), 'whose id is 1 in its container')
        program.end()


class TestWrong(Case):
    def test_process_ids(self):
        gone = subprocess.Popen([self.python.path, '-c', 'pass'])
        gone.wait()
        for command in ('start', 'stop'):
            runs.check_error(self.cli(command, str(gone.pid)), 'No such process')
            runs.check_error(self.cli(command, '0'), "'0' is not a process id")
            runs.check_error(self.cli(command, '-1'))
            runs.check_error(self.cli(command, '12x'), "'12x' is not a process id")
            runs.check_error(self.cli(command, '99999999999'), 'is not a process id')
            runs.check_error(self.cli(command), 'PID')

    def test_without_the_library(self):
        program = Program(self, preload=False)
        runs.check_error(self.cli('start', str(program.process.pid)), 'does not run under pymemflow')

    def test_library_that_records_nothing(self):
        program = Program(self, PYMEMFLOW_NOSUCH='1')
        runs.check_error(self.cli('stop', str(program.process.pid)),
                         'runs under pymemflow, but does not record')

    @pytest.mark.needs_root
    def test_program_that_changed_its_user(self):
        """The record belongs to root, the process to nobody by now."""
        os.chmod(self.folder, 0o777)
        code = TOLD.replace('print(', 'bytearray(9); os.setgid(65534); os.setuid(65534); print(', 1)
        program = Program(self, code=code, PYMEMFLOW_CAPTURE=self.path('capture'))
        runs.check_error(self.cli('stop', str(program.process.pid)), 'belongs to another user')
        program.tell(77007)

    @pytest.mark.needs_root
    def test_process_of_another_user(self):
        program = Program(self)
        os.chmod(self.folder, 0o755)
        copy = shutil.copy(self.cli.path, self.path('pymemflow'))
        process = subprocess.Popen([copy, 'stop', str(program.process.pid)],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   preexec_fn=lambda: os.setuid(65534))
        out, err = process.communicate()
        runs.check_error(runs.Done(process.returncode, out.decode(), err.decode()),
                         'Permission denied')
        program.tell(77007)
        program.end()
        assert reports.Report(self.text()).sizes('allocate') == [77007]
