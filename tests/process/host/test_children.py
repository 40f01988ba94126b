"""Forked children whose capture cannot be made, and children in other process id namespaces: each is
told from its parent, and what is lost is said in one line."""
import os
import re
import subprocess

import pytest

import cases

pytestmark = [pytest.mark.known_python, pytest.mark.one_python]
NOBODY = 65534

# clone() with these flags; the child allocates and ends, by _exit or by an exec that fails before.
CLONES = r'''
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
static int how;
static int child(void *unused) {
  (void)unused;
  if (how & 1) free(malloc(88888));
  if (how & 2) execl("/no/such/program", "x", (char *)0);
  if (how & 4) execl("/bin/true", "true", (char *)0);
  _exit(3);
}
int clone_child(int flags, int how_it_ends) {
  char *stack = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  how = how_it_ends;
  int pid = clone(child, stack + 65536, flags | 17, 0), status = 0;
  if (pid < 0) return -errno;
  while (waitpid(pid, &status, 0) < 0) {}
  return status;
}
'''
NEWPID, VM, VFORK = 0x20000000, 0x100, 0x4000


class TestUntraced(cases.Case):
    CHILD = ('if os.fork() == 0:\n    for i in range(1000): bytes(100000)\n    os._exit(4)\n'
             'assert os.wait()[1] == 4 << 8\nbytes(77777)\n')

    @pytest.mark.parametrize('prepare, reason', [
        ('os.setgroups([]); os.setgid(65534); os.setuid(65534)', 'Permission denied'),
        ('import shutil; shutil.rmtree(folder)', 'No such file or directory'),
        ('import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, -1))', 'File too large'),
        ('import ctypes; os.chmod(folder, 0); assert ctypes.CDLL(None).setfsuid(65534) == 0',
         'Permission denied')])
    def test_capture_cannot_be_made(self, prepare, reason):
        if 'uid' in prepare and os.geteuid() != 0:
            pytest.skip('needs root')
        folder = self.path('d')
        os.mkdir(folder, 0o700)
        with open(self.path('capture'), 'w', encoding='ascii'):
            pass
        code = 'import os\nfolder = %r\nfile = os.open(folder, os.O_RDONLY)\n%s\n' % (folder, prepare)
        run = self.trace.code(code + self.CHILD, output=None, PYMEMFLOW_CAPTURE=folder + '/c')
        assert run.status == 0
        lines = run.stderr.splitlines()
        child = [line for line in lines if 'forked child' in line]
        assert len(child) == 1, run.stderr
        assert re.fullmatch(r'pymemflow: cannot record the forked child (\d+) in %s/c\.\1 \(%s\); '
                            'it runs untraced' % (re.escape(folder), reason), child[0])
        if 'rmtree' not in prepare:
            os.chmod(folder, 0o700)
            # The parent can neither remove a file there nor write to one.
            assert sorted(os.listdir(folder)) == ['c', 'c.windows']
        if 'RLIMIT' not in prepare and 'rmtree' not in prepare:
            report = self.cli.report(folder + '/c')
            assert report.lost == 0 and '77810' in report.text and len(lines) == 1

    @pytest.mark.parametrize('forks', ['os.fork()', 'os.forkpty()[0]'])
    def test_no_descriptor_for_it(self, forks):
        """The hard limit as well: all are in use when the child begins."""
        code = ('import os, resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))\nbytes(77777)\n'
                'pid = %s\nif pid == 0:\n    try:\n        while True: os.open("/dev/null", 0)\n'
                '    except OSError: pass\n    bytes(66666)\n    os._exit(4)\n'
                'assert os.waitpid(pid, 0)[1] == 4 << 8\n' % forks)
        run = self.trace.code(code)
        assert run.status == 0
        assert run.report.lost == 0 and '77810' in run.report.text
        if len(run.reports) == 1:
            assert run.stderr.count('cannot record the forked child') <= 1

    @pytest.mark.parametrize('limit', ['(40, 40)', '(40, -1)'])
    def test_descriptors_of_the_parent_are_used_up(self, limit):
        """The child uses the number of its parent's capture, or one above the program's limit."""
        def start():
            import resource
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40 if '-1' not in limit else hard))
        code = ('import os\ntry:\n    while True: os.open("/dev/null", 0)\nexcept OSError: pass\n'
                'if os.fork() == 0:\n    bytes(66666)\n    os._exit(4)\n'
                'assert os.wait()[1] == 4 << 8\nbytes(77777)\n')
        environment = dict(self.environment, LD_PRELOAD=self.build.library,
                           PYMEMFLOW_OUTPUT=self.path('report.%p'))
        done = subprocess.run([self.python.path, '-c', code], preexec_fn=start, env=environment,
                              stderr=subprocess.PIPE, check=False)
        assert (done.returncode, done.stderr) == (0, b'')
        texts = [self.read(name) for name in os.listdir(self.folder) if name.startswith('report.')]
        assert sorted('66699' in text for text in texts) == [False, True]
        assert all(text.endswith('0 lost\n') for text in texts)


WITH_PROC = pytest.mark.needs_namespaces('--pid', '--fork', '--mount-proc')


@pytest.mark.needs_root
@pytest.mark.needs_namespaces('--pid', '--fork')
class TestNamespaces(cases.Case):
    @pytest.fixture(autouse=True)
    def library(self, fixtures):
        self.write('clones.c', CLONES)
        subprocess.check_call(['cc', '-w', '-O1', '-fno-builtin', '-shared', '-fPIC', '-o',
                               self.path('clones.so'), self.path('clones.c')])

    def as_first_process(self, code, *more, **options):
        words = ['unshare', '--pid', '--fork', *more, self.python.path, '-c', code]
        return self.trace.program(words, **options)

    @pytest.mark.parametrize('proc', [pytest.param(['--mount-proc'], marks=WITH_PROC), []])
    @pytest.mark.parametrize('flags', [NEWPID, NEWPID | VFORK, NEWPID | VM | VFORK])
    @pytest.mark.parametrize('how, status', [(0, 3 << 8), (1, 3 << 8), (3, 3 << 8), (4, 0)])
    def test_clone_in_a_new_one(self, flags, proc, how, status):
        """Parent and child are process 1, each of its own namespace."""
        code = ('import ctypes, os\nassert os.getpid() == 1\n'
                'clone_child = ctypes.CDLL(%r).clone_child\n'
                'assert clone_child(%d, %d) == %d\ndef marked():\n'
                '    for i in range(1000): bytes(77777)\nmarked()\n'
                % (self.path('clones.so'), flags, how, status))
        run = self.as_first_process(code, *proc, output='report')
        assert (run.status, run.stderr) == (0, '')
        parents = [text for text in run.texts.values() if text.count('77810') >= 1000]
        assert len(parents) == 1 and parents[0].endswith('0 lost\n')

    @WITH_PROC
    @pytest.mark.parametrize('end', ['os._exit(5)', 'sys.exit(5)', 'os.execv("/bin/sh", ["sh", "-c", "exit 5"])'])
    def test_unshare(self, end):
        """The child of a fork is the first process of the new namespace."""
        code = ('import ctypes, os, sys\nassert os.getpid() == 1\n'
                'assert ctypes.CDLL(None).unshare(0x20000000) == 0\n'
                'if os.fork() == 0:\n    assert os.getpid() == 1\n    bytes(66666)\n    %s\n'
                'assert os.wait()[1] == 5 << 8\nbytes(77777)\nos._exit(0)' % end)
        run = self.as_first_process(code, '--mount-proc', output=None, TMPDIR=self.folder,
                                    PYMEMFLOW_CAPTURE=self.path('c.%p'))
        assert run.status == 0, run.stderr
        names = sorted(name for name in os.listdir(self.folder) if name.startswith('c.'))
        assert len(names) == 2, names
        texts = [self.cli.report(self.path(name)).text for name in names]
        assert sorted(('66699' in text, '77810' in text) for text in texts) == [(False, True), (True, False)]

    @WITH_PROC
    def test_containers_with_equal_ids(self):
        """Captures of one name stay; each process has its own."""
        for n in range(3):
            code = 'import os\nbytes(77777 + %d)\nif os.fork() == 0: bytes(88888 + %d); os._exit(0)\nos.wait()'
            run = self.as_first_process(code % (n, n), '--mount-proc', output=None,
                                        PYMEMFLOW_CAPTURE=self.path('c'))
            assert run.status == 0
        names = [name for name in os.listdir(self.folder) if name.startswith('c') and 'clones' not in name]
        assert len(names) == 6, names
        sizes = {size for name in names for size in range(77810, 77813)
                 if str(size) in self.cli.report(self.path(name)).text}
        assert sizes == {77810, 77811, 77812}
