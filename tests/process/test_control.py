"""pymemflow start PID and stop PID: what a running process records, in each kind of record; and what
is said of a process that cannot be controlled."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import command
import traced

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

    def __init__(self, case, preload=True, **environment):
        full = {name: value for name, value in os.environ.items()
                if name != 'LD_PRELOAD' and not name.startswith('PYMEMFLOW_')}
        if preload:
            full.update(LD_PRELOAD=traced.LIBRARY, PYMEMFLOW_OUTPUT=case.path('report'))
        full.update(environment)
        self.process = subprocess.Popen([sys.executable, '-c', TOLD], env=full, cwd=case.folder,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        case.addCleanup(self.end)
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


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def order(self, verb, process, expected=None):
        done = command.call(verb, str(process))
        self.assertEqual((done.status, done.stderr), (0, ''))
        if expected is not None:
            self.assertEqual(done.stdout, 'process %d %s\n' % (process, expected))

    def text(self, name='report'):
        with open(self.path(name)) as file:
            return file.read()


class Control(Case):
    def check_sizes(self, *expected, **environment):
        """Between start and stop, and only then."""
        program = Program(self, PYMEMFLOW_START='manual', **environment)
        pid = program.process.pid
        program.tell(77001)
        self.order('start', pid, 'now records')
        self.order('start', pid, 'already records')
        program.tell(77002)
        self.order('stop', pid, 'now records nothing')
        self.order('stop', pid, 'already records nothing')
        program.tell(77003)
        self.order('start', pid, 'now records')
        program.tell(77004)
        program.end()
        self.assertEqual(program.process.returncode, 0)

    def test_every_event(self):
        self.check_sizes()
        report = traced.Report(self.text())
        self.assertEqual(report.sizes('allocate'), [77002, 77004])
        self.assertEqual((report.lost, report.torn), (0, []))

    def test_ring(self):
        self.check_sizes(PYMEMFLOW_RING='64KiB')
        self.assertEqual(traced.Report(self.text()).sizes('allocate'), [77002, 77004])

    def test_sums(self):
        self.check_sizes(PYMEMFLOW_FLOW='0')
        self.assertIn('   <string>, allocate, bytes total = %d \n' % (77002 + 77004), self.text())

    def test_named_capture(self):
        self.check_sizes(PYMEMFLOW_CAPTURE=self.path('capture'))
        self.assertEqual(traced.Report(self.text()).sizes('allocate'), [77002, 77004])

    def test_run_verb_hands_it_on(self):
        done = command.call('run', '--start=manual', sys.executable, '-c', 'pass')
        self.assertIn('no Python ran', done.stderr)

    def test_forked_child(self):
        program = Program(self, PYMEMFLOW_START='manual')
        # Of two processes, in any order.
        said = {program.tell('fork'), program.read()}
        self.assertIn('forked', said)
        child = int((said - {'forked'}).pop())
        command.check_line(self, command.call('start', str(child)), 'was forked from',
                        'it follows %d' % program.process.pid)
        self.order('start', program.process.pid, 'now records')
        program.tell(77005)
        self.order('stop', child, 'now records nothing')
        program.tell(77006)
        program.end()
        self.assertEqual(traced.Report(self.text('report.%d' % child)).sizes('allocate'), [77005])


class Wrong(Case):
    def test_process_ids(self):
        gone = subprocess.Popen([sys.executable, '-c', 'pass'])
        gone.wait()
        for verb in ('start', 'stop'):
            command.check_line(self, command.call(verb, str(gone.pid)), 'No such process')
            command.check_line(self, command.call(verb, '0'), "'0' is not a process id")
            command.check_line(self, command.call(verb, '-1'))
            command.check_line(self, command.call(verb, '12x'), "'12x' is not a process id")
            command.check_line(self, command.call(verb, '99999999999'), 'is not a process id')
            command.check_line(self, command.call(verb), 'PID')

    def test_without_the_library(self):
        program = Program(self, preload=False)
        command.check_line(self, command.call('start', str(program.process.pid)), 'runs without pymemflow')

    def test_library_that_records_nothing(self):
        program = Program(self, PYMEMFLOW_NOSUCH='1')
        command.check_line(self, command.call('stop', str(program.process.pid)),
                        'has the library, but records nothing')

    def test_process_of_another_user(self):
        if os.geteuid() != 0:
            self.skipTest('only root can be somebody else')
        program = Program(self)
        os.chmod(self.folder, 0o755)
        copy = shutil.copy(command.COMMAND, self.path('pymemflow'))
        process = subprocess.Popen([copy, 'stop', str(program.process.pid)],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   preexec_fn=lambda: os.setuid(65534))
        out, err = process.communicate()
        command.check_line(self, command.Done(process.returncode, out.decode(), err.decode()),
                        'Permission denied')
        program.tell(77007)
        program.end()
        self.assertEqual(traced.Report(self.text()).sizes('allocate'), [77007])


if __name__ == '__main__':
    traced.require_known()
    unittest.main()
