"""The gate gives no verdict on what it could not see: one test for each row of cli/captures/unseen.def, and for
what is not to be mistaken for one."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

import built
import cases
import runs
from system_calls import KILL, TOOLS

pytestmark = [pytest.mark.known_python, pytest.mark.one_python]

LEAK = ('import ctypes, os, sys\nlibc = ctypes.CDLL(None)\nlibc.malloc.restype = ctypes.c_void_p\n'
        'def leak():\n    for _ in range(100): libc.malloc(10000)\n')
START = LEAK + 'import subprocess\nPYTHON, CHILD = sys.executable, sys.argv[1]\n'


class Case(cases.Case):
    def gate(self, code, *options, child=LEAK + 'leak()', status=2):
        """The gate on a program, with a limit that `child` is over."""
        done = self.cli('gate', '--max-leak=256KiB', '--json', self.path('json'), *options, '--',
                        self.python.path, '-c', START + code, child, env=self.environment)
        assert done.status == status, (done.stdout, done.stderr)
        return done

    def parts(self):
        """(kind, process) of all parts that were not seen."""
        verdict = json.loads(self.read('json'))
        parts = verdict['unseen'] + [part for process in verdict['processes'] for part in process['unseen']]
        return [(part['kind'], part.get('process')) for part in parts]

    def kinds(self):
        return [kind for kind, _ in self.parts()]

    def check(self, done, kind, *words):
        """No verdict, for this reason alone; with --allow-unseen there is one."""
        assert self.kinds() == [kind]
        line, = re.findall('(?m)^pymemflow: not seen: (.*)$', done.stderr)
        for word in words:
            assert word in line, done.stderr
        assert 'pymemflow: --allow-unseen judges what was seen\npymemflow: no verdict, ' in done.stderr


# The ways in which a child escapes, each with the reason that the gate gives.
ESCAPES = {
    'no environment': ('subprocess.run([PYTHON, "-c", CHILD], env={})', 'LD_PRELOAD'),
    'no LD_PRELOAD': ('env = dict(os.environ); del env["LD_PRELOAD"]\n'
                      'subprocess.run([PYTHON, "-c", CHILD], env=env)', 'LD_PRELOAD'),
    'another library': ('subprocess.run([PYTHON, "-c", CHILD], env={"LD_PRELOAD": "libm.so.6"})', 'LD_PRELOAD'),
    'no variables': ('subprocess.run([PYTHON, "-c", CHILD], env={"LD_PRELOAD": os.environ["LD_PRELOAD"]})',
                     'lacks the variables of pymemflow'),
    'posix_spawn': ('os.waitpid(os.posix_spawn(PYTHON, [PYTHON, "-c", CHILD], {}), 0)', 'LD_PRELOAD'),
    'exec': ('os.execve(PYTHON, [PYTHON, "-c", CHILD], {})', 'LD_PRELOAD'),
    'env': ('subprocess.run(["env", "-i", PYTHON, "-c", CHILD])', 'LD_PRELOAD'),
    'system': ('os.environ.clear(); os.system(PYTHON + " -c pass")', 'sh -c'),
    'popen': ('libc.popen.restype = ctypes.c_void_p; os.environ.clear()\n'
              'libc.pclose(ctypes.c_void_p(libc.popen((PYTHON + " -c pass").encode(), b"r")))', 'sh -c'),
    'shell': ('subprocess.run([PYTHON + " -c pass"], shell=True, env={})', '/bin/sh -c'),
}


class TestChildren(Case):
    @pytest.mark.parametrize('code, reason', ESCAPES.values(), ids=ESCAPES)
    def test_without_the_library(self, code, reason):
        self.check(self.gate(code), 'untraced_python', 'may have run Python, and was not traced', reason)
        done = self.gate(code, '--allow-unseen', status=0)
        assert 'not seen: ' in done.stderr and 'pymemflow: passed, ' in done.stderr

    def test_full_disk(self):
        """A file that cannot be as long as the log is no reason to end by a signal."""
        words = ['sh', '-c', 'ulimit -f 1000; exec "$@"', 'sh', self.build.command, 'gate', '--max-leak=1MB', '--',
                 self.python.path, '-c', 'pass']
        done = subprocess.run(words, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 2 and done.stderr.endswith('/processes: File too large\n'), done.stderr

    def test_no_children(self):
        code = ESCAPES['no environment'][0]
        self.gate(code, '--no-children', status=0)
        assert self.kinds() == []
        # An exec leaves the process what it is.
        self.gate(ESCAPES['exec'][0], '--no-children')
        assert self.kinds() == ['untraced_python']

    def test_a_script_that_is_named_python(self):
        """Such as that of a version manager, which starts one."""
        script = self.write('python3', '#!/bin/sh\nexec true\n')
        os.chmod(script, 0o755)
        self.gate('subprocess.run([%r], env={})' % script)
        assert self.kinds() == ['untraced_python']

    @pytest.mark.needs('gcc')
    def test_linked_statically(self):
        """A program that has a Python in it."""
        source = self.write('program.c', 'char text[] = "Py_BytesMain"; int main(void) { return text[0] != \'P\'; }')
        made = subprocess.run(['gcc', '-static', '-o', self.path('program'), source], capture_output=True)
        if made.returncode != 0:
            pytest.skip('gcc cannot link a static program here')
        code = 'assert subprocess.run([%r]).returncode == 0' % self.path('program')
        self.check(self.gate(code), 'untraced_python', 'it is linked statically')

    @pytest.mark.needs('musl-gcc')
    def test_built_for_musl(self):
        """Its loader refuses the library."""
        program = self.path('python3')
        shutil.copy(self.build.path('for_musl'), program)
        code = 'assert subprocess.run([%r], stderr=subprocess.DEVNULL).returncode == 127' % program
        self.check(self.gate(code), 'untraced_python', 'it is built for musl')

    @pytest.mark.needs_root
    def test_set_user_id(self):
        os.chmod(self.folder, 0o755)
        program = self.path('python3')
        with open(os.path.realpath(self.python.path), 'rb') as file, open(program, 'wb') as copy:
            copy.write(file.read())
        os.chown(program, 65534, 65534)
        os.chmod(program, 0o4755)
        code = 'subprocess.run([%r, "--version"], stdout=subprocess.DEVNULL)' % program
        self.check(self.gate(code), 'untraced_python', 'set-user-id to user 65534')

    def test_bad_option(self):
        code = 'subprocess.run([PYTHON, "-c", CHILD], env=dict(os.environ, PYMEMFLOW_RING="banana"))'
        self.check(self.gate(code), 'unable', 'could not be recorded: one of its options is wrong')

    @pytest.mark.needs_root
    def test_another_user(self):
        """It may not write to the folder of the captures."""
        try:
            subprocess.run([self.python.path, '-c', 'pass'], user=65534, check=True, stderr=subprocess.DEVNULL)
        except (PermissionError, subprocess.CalledProcessError):
            pytest.skip('another user may not run this Python')
        code = ('if os.fork() == 0:\n    os.setuid(65534)\n'
                '    os.execv(PYTHON, [PYTHON, "-c", CHILD])\nos.wait()')
        done = self.gate(code)
        assert self.kinds() in (['unable'], ['untraced_python']), done.stderr

    @pytest.mark.parametrize('how', ['RLIMIT_FSIZE', 'chroot'])
    def test_forked_child_that_cannot_record(self, how):
        if how == 'chroot' and os.geteuid() != 0:
            pytest.skip('needs root')
        step = {'RLIMIT_FSIZE': 'import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))',
                'chroot': 'os.chroot(%r)' % self.folder}[how]
        # The first of them has a record already; its own child has none.
        code = ('if os.fork() == 0:\n    leak.__name__\n    %s\n    if os.fork() == 0: leak(); os._exit(0)\n'
                '    os.wait(); os._exit(0)\nos.wait()' % step)
        done = self.gate(code)
        assert 'unable' in self.kinds(), done.stderr

    @pytest.mark.parametrize('change', ['dict(os.environ, PYMEMFLOW_CAPTURE=%r)', None])
    def test_missing_record(self, change):
        if change is not None:
            code = 'subprocess.run([PYTHON, "-c", CHILD], env=%s)' % (change % self.path('own'))
        else:
            code = ('subprocess.run([PYTHON, "-c", CHILD])\nfolder = os.path.dirname(os.environ["PYMEMFLOW_CAPTURE"])\n'
                    'for name in os.listdir(folder):\n    if name.startswith("capture.") and '
                    'not name.startswith("capture.%d." % os.getpid()): os.remove(os.path.join(folder, name))')
        self.check(self.gate(code), 'missing', 'was recorded, but its record is missing')

    @pytest.mark.parametrize('word', ['00000000', '01000000', '02000000', '03000000', 'ffffffff', '2fffffff'])
    def test_log_that_the_program_has_overwritten(self, word):
        """Nothing in it is trusted."""
        done = self.cli('gate', '--max-leak=1MB', '--json', self.path('json'), '--', self.python.path, '-c',
                        'import os\nwith open(os.environ["_PYMEMFLOW_PROCESSES"], "r+b") as log:\n'
                        '    size = os.fstat(log.fileno()).st_size\n    log.seek(8)\n'
                        '    log.write(bytes.fromhex(%r) * ((size - 8) // 4))' % word, env=self.environment)
        assert done.status in (0, 2) and 'Traceback' not in done.stderr, done.stderr
        assert len(done.stderr) < 1 << 20 and '\x1b' not in done.stderr
        assert done.status == 2 or word in ('00000000', '01000000')

    def test_program_that_is_not_there(self):
        self.gate('try: subprocess.run(["no-such-program"])\nexcept FileNotFoundError: pass', status=0)
        assert self.kinds() == []

    def test_more_than_can_be_noted(self):
        """And the lines of equal programs are one."""
        done = self.gate('for _ in range(1100): os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)')
        assert self.kinds() == ['untraced_program', 'left_out']
        assert ' (and 1023 other processes)\n' in done.stderr
        assert 'a process was not traced, and there were too many to note which (and 75 other processes)' in done.stderr


    @pytest.mark.skipif(os.uname().machine != 'x86_64', reason='numbers of system calls of x86-64')
    @pytest.mark.parametrize('calls', [[5], [9999, 39]], ids=['fstat', 'getpid'])
    def test_forked_child_under_a_filter(self, calls):
        """It may make no system call, and the log needs none."""
        code = TOOLS + ('install(rows_for(%r, %d))\nif os.fork() == 0: leak(); os._exit(0)\n'
                        'assert os.wait()[1] == 0' % (calls, KILL))
        done = self.gate(code)
        assert 'unable' in self.kinds(), done.stderr


class TestNormalChildren(Case):
    """They are what programs do all the time."""

    @pytest.mark.parametrize('code', [
        'subprocess.run(["ls", "/"])', 'os.system("ls /")', 'os.popen("ls /").read()',
        'subprocess.run("ls / | cat; true", shell=True)', 'subprocess.run([PYTHON, "--version"])',
        'subprocess.run([PYTHON, "-c", "pass"])', 'subprocess.run(["env", "A=1", PYTHON, "-c", "pass"])',
        'os.waitpid(os.posix_spawn(PYTHON, [PYTHON, "-c", "pass"], os.environ), 0)',
        'os.waitpid(os.posix_spawnp("ls", ["ls"], os.environ), 0)', 'os.execvp("ls", ["ls"])',
        'if os.fork() == 0: os.execvp("ls", ["ls"])\nos.wait()', 'if os.fork() == 0: os._exit(0)\nos.wait()'])
    def test_with_the_library(self, code):
        self.gate(code, status=0)
        assert self.kinds() == []

    @pytest.mark.parametrize('method', ['fork', 'spawn', 'forkserver'])
    def test_multiprocessing(self, method):
        script = self.write('script.py', 'import multiprocessing\nif __name__ == "__main__":\n'
                            '    child = multiprocessing.get_context(%r).Process(target=print)\n'
                            '    child.start(); child.join()' % method)
        done = self.cli('gate', '--max-leak=1MiB', '--json', self.path('json'), '--', self.python.path, script,
                        env=self.environment)
        assert done.status == 0, done.stderr
        assert self.kinds() == []

    @pytest.mark.parametrize('code', ['subprocess.run(["ls", "/"], env={})', 'subprocess.run("ls /", shell=True, env={})',
                                      'subprocess.run(["env", "-i", "ls"])'])
    def test_without_the_library(self, code):
        """A line says so: what is not Python does not block a verdict."""
        done = self.gate(code, status=0)
        assert self.kinds() == ['untraced_program']
        assert 'is not Python, and was not traced, nor what it started: ' in done.stderr

    def test_over_a_limit(self):
        """A limit that is exceeded stays exceeded."""
        done = self.gate('leak()\nsubprocess.run([PYTHON, "-c", CHILD], env={})', status=1)
        assert self.kinds() == ['untraced_python']
        assert 'pymemflow: FAILED: 1 over the limits' in done.stderr


class TestRunning(Case):
    """A process that has not ended when the gate judges."""
    DAEMON = ('subprocess.Popen([PYTHON, "-c", CHILD], stdin=-3, stdout=-3, stderr=-3)')

    @pytest.fixture(autouse=True)
    def process(self, fixtures):
        yield
        if os.path.exists(self.path('pid')):
            try:
                os.kill(int(self.read('pid')), signal.SIGKILL)
            except ProcessLookupError:
                pass

    def sleeping(self, more=''):
        return ('import os, time\nopen(%r, "w").write(str(os.getpid()))\n%s\ntime.sleep(60)' % (self.path('pid'), more))

    def wait_for(self):
        return ('\nimport time\nwhile not (os.path.exists(%r) and os.path.getsize(%r)): time.sleep(.01)'
                % (self.path('pid'), self.path('pid')))

    def test_daemon(self):
        done = self.gate(self.DAEMON + self.wait_for(), child=self.sleeping())
        self.check(done, 'running', 'still runs, so its record is not complete')
        assert self.parts() == [('running', int(self.read('pid')))]
        assert 'no verdict; as far as it was seen, leaks ' in done.stderr

    def test_daemon_that_leaks(self):
        child = LEAK + 'leak()\n' + self.sleeping()
        self.gate(self.DAEMON + self.wait_for(), child=child, status=1)
        assert self.kinds() == ['running']

    def test_capture(self):
        """The gate reads a capture that its process still writes to."""
        capture = self.path('capture')
        words = [self.python.path, '-c', self.sleeping()]
        environment = dict(self.environment, LD_PRELOAD=self.build.library, PYMEMFLOW_CAPTURE=capture)
        with subprocess.Popen(words, env=environment) as process:
            deadline = time.time() + runs.TIMEOUT
            while not (os.path.exists(self.path('pid')) and self.read('pid')) and time.time() < deadline:
                time.sleep(.01)
            done = self.cli('gate', '--max-leak=256KiB', capture)
            process.kill()
        assert done.status == 2 and 'still runs, so its record' in done.stderr, done.stderr
        done = self.cli('gate', '--max-leak=256KiB', capture)
        assert done.status == 0 and 'was killed or is still running' in done.stderr, done.stderr

    def test_untraced_daemon(self):
        done = self.gate('subprocess.Popen([PYTHON, "-c", CHILD], stdin=-3, stdout=-3, stderr=-3, env={})' +
                         self.wait_for(), child=self.sleeping())
        assert sorted(self.kinds()) == ['running_python', 'untraced_python'], done.stderr

    def test_program_that_is_not_python(self):
        code = ('child = subprocess.Popen(["sleep", "60"], stdin=-3, stdout=-3, stderr=-3)\n'
                'open(%r, "w").write(str(child.pid))' % self.path('pid'))
        done = self.gate(code, status=0)
        assert self.kinds() == ['running_program'] and 'still runs; it is not Python' in done.stderr


class TestPauses(Case):
    def pausing(self, first, last=''):
        return 'sys.path.insert(0, %r)\nimport pymemflow\n%s\nleak()\n%s' % (
            os.path.join(built.ROOT, 'python'), first, last)

    @pytest.mark.parametrize('last', ['pymemflow.start()', ''])
    def test_of_the_program(self, last):
        self.check(self.gate(self.pausing('pymemflow.stop()', last)), 'stopped', 'stopped its recording for a time')

    @pytest.mark.parametrize('last', ['control("start")', ''])
    def test_of_the_command(self, last):
        code = ('def control(word): subprocess.run([%r, word, str(os.getpid())], check=True, stdout=-3)\n'
                'control("stop")\nleak()\n%s' % (self.build.command, last))
        self.check(self.gate(code), 'stopped', 'stopped its recording for a time')

    def test_forked_child_of_a_paused_process(self):
        code = self.pausing('pymemflow.stop()\nif os.fork() == 0:\n    pymemflow.start(); pymemflow.stop()\n'
                            '    leak(); pymemflow.start(); os._exit(0)\nos.wait()\npymemflow.start()\ndef leak(): pass')
        self.gate(code)
        assert set(self.kinds()) == {'stopped'}

    def test_manual_start_that_was_asked_for(self):
        """A line says what was judged."""
        code = self.pausing('leak()\npymemflow.start()\nb = [bytes(5000) for _ in range(9)]\npymemflow.stop()')
        done = self.gate(code, '--start=manual', status=0)
        assert self.kinds() == ['manual_start']
        assert 'was recorded from a start() to a stop() only, as --start manual asks' in done.stderr

    def test_manual_start_by_the_program(self):
        for child in (LEAK + 'leak()', self.pausing('from ctypes import *\nimport os, sys\n' + LEAK + 'pymemflow.start()',
                                                    'pymemflow.stop()').replace('\nleak()', '\nlibc.malloc(1)')):
            code = 'subprocess.run([PYTHON, "-c", CHILD], env=dict(os.environ, PYMEMFLOW_START="manual"))'
            self.check(self.gate(code, child='import sys\n' + child), 'manual_start_of_program',
                       'the program set PYMEMFLOW_START=manual')


@pytest.mark.needs('gcc')
class TestOtherAllocators(Case):
    MALLOC = ('#include <stddef.h>\nvoid *__libc_malloc(size_t);\n'
              'void *malloc(size_t n) { return __libc_malloc(n); }\n')
    FRONT = ('#include <stddef.h>\nvoid *__libc_malloc(size_t); void __libc_free(void *);\n'
             'void *__libc_calloc(size_t, size_t); void *__libc_realloc(void *, size_t);\n'
             'void *malloc(size_t n) { return __libc_malloc(n); }\nvoid free(void *p) { __libc_free(p); }\n'
             'void *calloc(size_t a, size_t b) { return __libc_calloc(a, b); }\n'
             'void *realloc(void *p, size_t n) { return __libc_realloc(p, n); }\n')

    def compile(self, name, text):
        source = self.write(name + '.c', text)
        subprocess.run(['gcc', '-shared', '-fPIC', '-o', self.path(name), source], check=True)
        return self.path(name)

    @pytest.mark.parametrize('text, kind, words', [
        (MALLOC, 'other_allocator', 'has another allocator in front of the library'),
        (FRONT, 'other_allocator', 'has another allocator in front of the library')], ids=['malloc', 'all'])
    def test_in_front(self, text, kind, words):
        front = self.compile('front.so', text)
        code = ('subprocess.run([PYTHON, "-c", CHILD], '
                'env=dict(os.environ, LD_PRELOAD=%r + os.environ["LD_PRELOAD"]))' % (front + ':'))
        self.check(self.gate(code), kind, words)

    def test_deep_binding(self):
        library = self.compile('leak.so', '#include <stdlib.h>\nvoid leak(void) '
                               '{ for (int i = 0; i < 100; ++i) if (!malloc(10000)) abort(); }')
        code = 'ctypes.CDLL(%r, mode=os.RTLD_DEEPBIND | os.RTLD_NOW).leak()' % library
        self.check(self.gate(code), 'deep_binding', 'loaded a library with RTLD_DEEPBIND')

    def test_forked_child_of_one_with_deep_binding(self):
        library = self.compile('leak.so', '#include <stdlib.h>\nvoid leak(void) '
                               '{ for (int i = 0; i < 100; ++i) if (!malloc(10000)) abort(); }')
        code = ('library = ctypes.CDLL(%r, mode=os.RTLD_DEEPBIND | os.RTLD_NOW)\n'
                'if os.fork() == 0: bytes(5000); library.leak(); os._exit(0)\nos.wait()' % library)
        self.gate(code)
        assert self.kinds() == ['deep_binding', 'deep_binding']


class TestUnknownPython(Case):
    @pytest.mark.parametrize('version, kind', [('3.99.7', 'unknown_python'), ('2.7.18', 'unable')])
    def test_child(self, version, kind):
        code = 'subprocess.run([%r], env=dict(os.environ, UNKNOWN_PYTHON=%r), stdout=-3)' % (
            self.build.path('unknown_python'), version)
        self.gate(code)
        assert self.kinds() == [kind]


class TestOutputs(Case):
    def test_each(self):
        names = {kind: self.path(kind) for kind in ('junit', 'markdown')}
        options = [word for kind, path in names.items() for word in ('--' + kind, path)]
        done = self.gate('subprocess.run([PYTHON, "-c", CHILD], env={})', '--github', *options)
        assert '::error title=pymemflow%3A not seen::process ' in done.stdout
        assert 'may have run Python' in self.read('junit') and 'errors="1"' in self.read('junit')
        assert 'not seen: process ' in self.read('markdown')
        verdict = json.loads(self.read('json'))
        part, = verdict['unseen']
        assert (verdict['verdict'], part['blocks'], part['kind']) == ('cannot judge', True, 'untraced_python')
        assert part['command_line'].startswith(sys.executable[:1]) and 'LD_PRELOAD' in part['reason']

    def test_no_python_at_all(self):
        done = self.cli('gate', '--max-leak=1', '--', 'env', '-i', self.python.path, '-c', 'pass', env=self.environment)
        assert done.status == 2, done.stderr
        assert 'may have run Python, and was not traced' in done.stderr and 'nothing to judge' in done.stderr
