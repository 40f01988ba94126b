"""A capture with a name while it is written: the file of its windows beside it, and other programs that truncate,
replace or remove either of the two names."""
import os
import re
import shutil
import signal
import subprocess

import pytest

import cases
import reports

pytestmark = [pytest.mark.known_python, pytest.mark.one_python]
LINE = ('pymemflow: recording stopped (another program truncated the capture): the report covers the events '
        'until then\n')
# Allocates in several threads, before and after the main thread runs a command in the shell.
THREADS = '''
import os, sys, threading
def work(size):
    for i in range(%d): bytes(size)
def both(act):
    workers = [threading.Thread(target=work, args=(40000 + n,)) for n in range(int(sys.argv[1]))]
    for each in workers: each.start()
    work(50000)
    act()
    work(60000)
    for each in workers: each.join()
'''
ACTS = {
    'ftruncate to 0': 'os.truncate("c", 0)',
    'ftruncate to the middle': 'os.truncate("c", os.stat("c").st_size // 2)',
    'ftruncate within the head': 'os.truncate("c", 1000)',
    'the shell': 'os.close(os.open("c", os.O_WRONLY | os.O_TRUNC))',
    'new content': 'open("c", "w").write("mine")',
    'longer content': 'open("c", "w").write("mine" * 9999999)',
}


class Case(cases.Case):
    def run(self, code, *arguments, **options):
        """The run with a capture named c in its folder. It ends as it does without the library."""
        environment = dict(self.environment, **options)
        words = [self.python.path, '-c', code, *arguments]
        done = []
        for preload in ({}, {'LD_PRELOAD': self.build.library, 'PYMEMFLOW_CAPTURE': 'c'}):
            if not preload:
                self.write('c', 'x' * 9999)
            done.append(subprocess.run(words, env=dict(environment, **preload), cwd=self.folder, timeout=100,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                                       universal_newlines=True))
            if not preload:
                for name in os.listdir(self.folder):
                    if os.path.isdir(self.path(name)):
                        os.rmdir(self.path(name))
                    else:
                        os.unlink(self.path(name))
        plain, traced = done
        assert (traced.returncode, traced.stdout) == (plain.returncode, plain.stdout), traced.stderr
        return traced

    def count(self, name, function, size):
        return [event.arguments[-1] for event in self.cli.report(self.path(name)).events
                if event.function == function].count(size + 33)

    def names(self):
        return sorted(os.listdir(self.folder))


@pytest.mark.parametrize('act', ACTS.values(), ids=ACTS)
class TestTruncated(Case):
    WAYS = {'full': {}, 'ring': {'PYMEMFLOW_RING': '64KiB'}, 'sums': {'PYMEMFLOW_FLOW': '0'}}

    @pytest.mark.parametrize('way', WAYS.values(), ids=WAYS)
    @pytest.mark.parametrize('threads, rounds', [(0, 30), (0, 30000), (8, 10000)])
    def test_the_program_goes_on(self, act, way, threads, rounds):
        code = THREADS % rounds + 'def act(): %s\nboth(act)\nprint("end")\n' % act
        done = self.run(code, str(threads), **way)
        assert (done.returncode, done.stdout, done.stderr) == (0, 'end\n', LINE)
        assert self.names() == ['c', 'c.windows']
        if 'mine' in act:
            # Another thread may be about to append its block.
            assert threads or self.read('c').replace('mine', '') == ''
            return
        report = self.cli('report', self.path('c')).stdout
        assert 'recording stopped (another program truncated the capture)' in report
        # Of a ring and of sums everything is in the windows; of the other, blocks are missing.
        if way == {} and rounds > 30:
            assert 'damaged in' in report or reports.Report(report).lost > 0

    def test_of_a_forked_child(self, act):
        code = (THREADS % 20000 + 'def act():\n    os.chdir(os.getcwd())\n    name = "c.%d" % os.getpid()\n'
                '    if os.path.exists(name): ' + act.replace('"c"', 'name') + '\n'
                'if os.fork() == 0:\n    both(act)\n    os._exit(7)\n'
                'print(os.wait()[1] >> 8, flush=True)\nwork(70000)\n')
        done = self.run(code, '2')
        assert (done.returncode, done.stdout, done.stderr) == (0, '7\n', LINE)
        child, = (name for name in self.names() if re.match(r'c\.\d+$', name))
        assert self.names() == ['c', child, child + '.windows']
        assert 70000 + 33 in {size for event in self.cli.report(self.path('c')).events
                              for size in event.arguments}

    def test_of_the_command(self, act):
        code = THREADS % 20000 + 'def act(): %s\nboth(act)\nprint("end")\nsys.exit(3)\n' % act
        done = self.cli('run', '--capture', 'c', self.python.path, '-c', code, '2', cwd=self.folder)
        assert (done.status, done.stdout) == (3, 'end\n')
        assert done.stderr.startswith(LINE)


class TestReplaced(Case):
    def record(self, act, **options):
        return self.run(THREADS % 20000 + 'def act(): %s\nboth(act)\nprint("end")\n' % act, '2', **options)

    def test_removed(self):
        done = self.record('os.remove("c")')
        assert done.stderr == 'pymemflow: another program removed the capture %s while it was written\n' % (
            self.path('c'))
        assert self.names() == []

    def test_replaced_by_a_file(self):
        done = self.record('open("d", "w").write("mine"); os.rename("d", "c")')
        assert done.stderr.count('\n') == 1 and 'another program removed the capture' in done.stderr
        assert self.names() == ['c'] and self.read('c') == 'mine'

    def test_replaced_by_a_folder(self):
        done = self.record('os.remove("c"); os.mkdir("c")')
        assert done.stderr.count('\n') == 1 and self.names() == ['c']

    def test_moved(self):
        done = self.record('os.rename("c", "d")')
        assert done.stderr == '' and self.names() == ['d']
        assert self.count('d', 'work', 60000) == 20000

    def test_both_removed(self):
        done = self.record('os.remove("c"); os.path.exists("c.windows") and os.remove("c.windows")')
        assert (done.stderr, self.names()) == ('', [])

    def test_windows_replaced(self):
        """Only its own file is removed at the end."""
        done = self.record('os.path.exists("c.windows") and os.remove("c.windows"); '
                           'open("c.windows", "w").write("mine")')
        assert done.stderr == '' and self.names() == ['c', 'c.windows'] and self.read('c.windows') == 'mine'
        assert self.count('c', 'work', 60000) == 20000


class TestBeside(Case):
    """The file of the windows."""
    KILLED = 'import os\nbytes(77777)\nos.kill(os.getpid(), 9)\n'

    def killed(self):
        done = self.trace.code(self.KILLED, output=None, PYMEMFLOW_CAPTURE=self.path('c'))
        assert done.status == -signal.SIGKILL and self.names() == ['c', 'c.windows']

    def sizes(self, name):
        return {size for event in self.cli.report(self.path(name)).events for size in event.arguments}

    def test_removed_at_the_end(self):
        for way in ('', 'os._exit(0)', 'os.execvp("true", ["true"])', 'sys.exit(1)'):
            self.trace.code('import os, sys\nbytes(77777)\n' + way, output=None, PYMEMFLOW_CAPTURE=self.path('c'))
            assert self.names() == ['c']
            assert 77777 + 33 in self.sizes('c')
            os.unlink(self.path('c'))

    def test_after_a_kill(self):
        self.killed()
        assert os.stat(self.path('c.windows')).st_mode & 0o777 == 0o600
        assert 77777 + 33 in self.sizes('c')
        os.symlink(self.path('c'), self.path('link'))
        assert 77777 + 33 in self.sizes('link')
        os.mkdir(self.path('other'))
        for name in ('c', 'c.windows'):
            shutil.copy(self.path(name), self.path('other'))
        assert 77777 + 33 in self.sizes('other/c')

    def test_missing(self):
        self.killed()
        os.unlink(self.path('c.windows'))
        done = self.cli('report', self.path('c'))
        assert done.status == 0 and 'the file of its windows is missing' in done.stdout

    def test_of_another_record(self):
        self.killed()
        os.rename(self.path('c'), self.path('d'))
        os.unlink(self.path('c.windows'))
        self.trace.code(self.KILLED, output=None, PYMEMFLOW_CAPTURE=self.path('c'))
        os.rename(self.path('c.windows'), self.path('d.windows'))
        assert 'the file of its windows is missing' in self.cli('report', self.path('d')).stdout

    def test_of_another_user(self):
        if os.geteuid() != 0:
            pytest.skip('root alone can give files away')
        self.killed()
        os.chown(self.path('c.windows'), 1234, 1234)
        assert 'the file of its windows is missing' in self.cli('report', self.path('c')).stdout

    def test_behind_a_link(self):
        self.killed()
        os.rename(self.path('c.windows'), self.path('there'))
        os.symlink('there', self.path('c.windows'))
        assert 'the file of its windows is missing' in self.cli('report', self.path('c')).stdout

    def test_is_no_capture(self):
        self.killed()
        done = self.cli('report', self.path('c.windows'))
        assert (done.status, done.stdout) == (2, '') and 'give the capture' in done.stderr
        done = self.cli('report', self.path('c'), '-o', self.path('c.windows'))
        assert done.status == 2 and 77777 + 33 in self.sizes('c')

    def test_what_is_there_stays(self):
        for make in (lambda path: self.write(path, 'mine'), lambda path: os.symlink('nowhere', self.path(path)),
                     lambda path: os.mkdir(self.path(path))):
            make('c.windows')
            run = self.trace.code('bytes(77777)', output=None, PYMEMFLOW_CAPTURE=self.path('c'))
            name = 'c.%d' % run.pid
            assert run.stderr == 'pymemflow: %s already exists and is kept: the record is in %s\n' % (
                self.path('c.windows'), self.path(name))
            assert self.names() == [name, 'c.windows'] or self.names() == ['c.windows', name]
            os.unlink(self.path(name))
            if os.path.isdir(self.path('c.windows')):
                os.rmdir(self.path('c.windows'))
            else:
                os.unlink(self.path('c.windows'))

    def test_after_an_exec_that_failed(self):
        """It exists again, so that a kill costs nothing."""
        code = ('import os, sys, threading\nbytes(77777)\n'
                'def work():\n    for i in range(int(sys.argv[1])): bytes(50000)\n'
                'threads = [threading.Thread(target=work) for n in range(4)]\n'
                'for each in threads: each.start()\n'
                'for each in threads: each.join()\n'
                'for n in range(3):\n'
                '    open("script", "w").write("#!/nowhere/at/all\\n"); os.chmod("script", 0o700)\n'
                '    try: os.execv("script", ["script"])\n    except OSError: pass\n'
                '    for i in range(int(sys.argv[1])): bytes(60000 + n)\n'
                'os.kill(os.getpid(), 9)\n')
        for options in ({}, {'PYMEMFLOW_RING': '1MiB'}, {'PYMEMFLOW_FLOW': '0'}):
            for rounds in (10, 20000):
                self.write('t.py', code)
                run = self.trace.program([self.python.path, self.path('t.py'), str(rounds)], output=None,
                                         cwd=self.folder, PYMEMFLOW_CAPTURE=self.path('c'), **options)
                assert run.status == -signal.SIGKILL and 'c.windows' in self.names(), run.stderr
                report = self.cli.report(self.path('c'))
                assert 'damaged' not in report.text and report.lost == 0
                if not options:
                    for size in (60000, 60001, 60002):
                        assert self.count('c', '<module>', size) == rounds
                    assert self.count('c', 'work', 50000) == 4 * rounds
                for name in ('c', 'c.windows', 'script'):
                    os.unlink(self.path(name))

    def test_live_answers(self):
        """The process itself reads both files, also after an exec that failed."""
        code = ('import ctypes, os\n'
                'ask = ctypes.CDLL(None).pymemflow_outstanding\n'
                'def alive():\n    count = ctypes.c_uint64()\n'
                '    assert ask(ctypes.byref(count), None) == 0\n    return count.value\n'
                'open("script", "w").write("#!/nowhere/at/all\\n"); os.chmod("script", 0o700)\n'
                'kept = []\n'
                'for n in range(4):\n'
                '    before = alive()\n    kept += [bytes(50000) for i in range(3000)]\n'
                '    print(3000 * 50000 <= alive() - before <= 3000 * 50000 + 1000000)\n'
                '    try: os.execv("script", ["script"])\n    except OSError: pass\n')
        run = self.trace.code(code, output=None, cwd=self.folder, PYMEMFLOW_CAPTURE=self.path('c'))
        assert (run.status, run.stdout) == (0, 'True\n' * 4), run.stderr
        assert self.names() == ['c', 'script']

    def test_descriptors_of_the_program(self):
        """A program that closes all that it does not know meets neither of the two."""
        code = ('import os\nos.closerange(3, 100000)\n'
                'for n in range(3, 3000):\n    try: os.close(n)\n    except OSError: pass\n'
                'bytes(77777)\nprint(sorted(os.listdir("/proc/self/fd"))[:3])\n')
        done = self.run(code)
        assert done.stderr == '' and self.names() == ['c']
        assert 77777 + 33 in self.sizes('c')

    def test_closed_by_system_calls(self):
        """Both files stay, and have everything."""
        code = ('import ctypes, os\nbytes(77777)\n'
                'files = [int(n) for n in os.listdir("/proc/self/fd")]\n'
                'for n in files:\n    if n > 2: ctypes.CDLL(None).syscall(3, n)\n'
                'bytes(66666)\nprint("end")\n')
        done = self.run(code)
        assert (done.stdout, done.stderr, self.names()) == ('end\n', '', ['c', 'c.windows'])
        assert {77777 + 33, 66666 + 33} <= self.sizes('c')

    def test_full_disk_at_the_end(self, disk):
        """The windows stay beside the capture, and the report has them."""
        folder = disk(3 << 20)
        code = ('import os\nbytes(77777)\nfile = os.open("fill", os.O_CREAT | os.O_WRONLY)\n'
                'try:\n    while True: os.write(file, bytes(4096))\nexcept OSError: pass\nprint("end")\n')
        run = self.trace.code(code, output=None, cwd=folder, PYMEMFLOW_CAPTURE=os.path.join(folder, 'c'))
        assert (run.status, run.stdout) == (0, 'end\n')
        assert 77777 + 33 in {size for event in self.cli.report(os.path.join(folder, 'c')).events
                              for size in event.arguments}


class TestNameless(Case):
    """A record without a name, where it is in memory: nothing can cut it off."""

    @pytest.mark.skipif(os.geteuid() != 0, reason='root alone can hide folders')
    def test_seal(self):
        code = ('import os\n'
                'links = {n: os.readlink("/proc/self/fd/" + n) for n in os.listdir("/proc/self/fd")\n'
                '         if os.path.islink("/proc/self/fd/" + n)}\n'
                'file, = [int(n) for n, name in links.items() if "memfd:pymemflow" in name]\n'
                'for size in (0, 4096):\n'
                '    try: os.ftruncate(file, size)\n    except PermissionError: print("sealed")\n'
                '    try: os.truncate("/proc/self/fd/%d" % file, size)\n'
                '    except PermissionError: print("sealed")\n'
                'bytes(77777)\n')
        words = ['unshare', '--mount', 'sh', '-c',
                 'mount --bind /sys/kernel /var/tmp && mount --bind /sys/kernel /tmp && exec "$@"', 'sh',
                 'env', 'LD_PRELOAD=' + self.build.library, self.python.path, '-c', code]
        run = subprocess.run(words, env=dict(self.environment, TMPDIR='none'), timeout=100, cwd='/',
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                             universal_newlines=True)
        assert (run.returncode, run.stdout) == (0, 'sealed\n' * 4), run.stderr
        assert 77777 + 33 in {size for event in reports.Report(run.stderr).events for size in event.arguments}


def test_fault(build, python, folder):
    """A program truncates its own capture between two events and goes on."""
    code = ('import os\nx = bytes(1000); os.truncate("c", 0); y = [bytes(1000) for _ in range(10)]; '
            'print("end", flush=True)\n')
    done = subprocess.run([python.path, '-c', code], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=dict(os.environ, LD_PRELOAD=build.library, PYMEMFLOW_CAPTURE=folder + '/c'),
                          check=False)
    assert (done.returncode, done.stdout, done.stderr.decode()) == (0, b'end\n', LINE)
