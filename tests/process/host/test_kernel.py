"""Answers of the kernel that the library takes for granted elsewhere: calls that are missing or refused."""
import os

import pytest

import reports
from system_calls import EINVAL, ENOSYS, EPERM, ERRNO, MADVISE, PREAD, TOOLS, VM_READV, Case

pytestmark = [
    pytest.mark.known_python, pytest.mark.one_python,
    pytest.mark.skipif(os.uname().machine != 'x86_64', reason='numbers of system calls of x86-64')]


class TestForks(Case):
    """A kernel without MADV_WIPEONFORK."""

    FORKS = ('import os\nbytes(77777)\nfor n in range(3):\n    child = os.fork()\n'
             '    if child == 0:\n        bytes(66000 + n)\n        %s\n    os.waitpid(child, 0)\n'
             'bytes(55555)\n')

    @pytest.mark.parametrize('error', [EINVAL, ENOSYS, EPERM])
    @pytest.mark.parametrize('end', ['os._exit(0)', 'sys.exit(0)', 'os.fork() or bytes(44444); os._exit(0)'])
    def test_children(self, error, end):
        done = self.filtered({MADVISE: error}, self.python.path, '-c', 'import sys\n' + self.FORKS % end,
                             PYMEMFLOW_OUTPUT=self.path('r.%p'))
        assert (done.returncode, done.stderr) == (0, '')
        found = [self.sizes(self.read(name)) for name in os.listdir(self.folder)]
        children = [sizes for sizes in found if 77777 + 33 not in sizes]
        parent, = [sizes for sizes in found if 77777 + 33 in sizes]
        assert 55555 + 33 in parent and not parent & {66000 + n + 33 for n in range(3)}
        for n in range(3):
            assert [66000 + n + 33 in sizes for sizes in children].count(True) == 1
        assert len(children) == (6 if 'fork' in end else 3)

    def test_threads_and_multiprocessing(self):
        code = ('import multiprocessing, threading\n'
                'def work(n): return len(bytes(66000 + n))\n'
                'if __name__ == "__main__":\n'
                '    for n in range(4): threading.Thread(target=work, args=(n,)).start()\n'
                '    with multiprocessing.get_context("fork").Pool(2) as pool: '
                'print(sum(pool.map(work, range(8))))\n')
        self.write('t.py', code)
        done = self.filtered({MADVISE: EINVAL}, self.python.path, self.path('t.py'),
                             PYMEMFLOW_OUTPUT=self.path('r.%p'))
        assert (done.returncode, done.stdout, done.stderr) == (0, '%d\n' % (66000 * 8 + 28), '')

    def test_doctor(self):
        done = self.filtered({MADVISE: EINVAL}, 'env', '-u', 'LD_PRELOAD', self.build.command, 'doctor',
                             self.python.path)
        assert done.returncode in (0, 1)
        assert 'note    forks     the kernel has no MADV_WIPEONFORK' in done.stdout
        plain = self.cli('doctor', self.python.path)
        assert 'ok      forks' in plain.stdout and 'ok      reads' in plain.stdout


class TestMemoryReads(Case):
    """A kernel that refuses process_vm_readv(). greenlet on 3.11 and 3.12 needs it, or another safe read."""

    GREENLET = ('import greenlet\ndef work():\n    for i in range(100): bytes(5000)\n'
                'def other():\n    work()\n    main.switch()\n    work()\n'
                'main = greenlet.getcurrent()\nlet = greenlet.greenlet(other)\nlet.switch()\nlet.switch()\n')

    @pytest.mark.parametrize('error', [EPERM, ENOSYS])
    def test_lines(self, error):
        self.trace.require('greenlet')
        done = self.filtered({VM_READV: error}, self.python.path, '-c', self.GREENLET,
                             PYMEMFLOW_OUTPUT=self.path('r'))
        assert (done.returncode, done.stderr) == (0, '')
        report = reports.Report(self.read('r'))
        assert [event.function for event in report.events
                if 5000 + 33 in event.arguments].count('work') == 200

    def test_no_read_at_all(self):
        self.trace.require('greenlet')
        code = TOOLS + 'install(rows_for([%d, %d], %d))\n' % (VM_READV, PREAD, ERRNO | EPERM)
        run = self.trace.code(code + self.GREENLET)
        assert run.status == 0
        if self.python.version[:2] in ((3, 11), (3, 12)):
            assert 'its events have no Python frame' in run.stderr
        else:
            assert run.stderr == ''

    @pytest.mark.parametrize('error', [EPERM, ENOSYS])
    def test_doctor(self, error):
        done = self.filtered({VM_READV: error}, 'env', '-u', 'LD_PRELOAD', self.build.command, 'doctor',
                             self.python.path)
        assert 'note    reads     process_vm_readv() is refused; /proc/self/mem is read instead' in done.stdout
