"""outstanding(), growth_since() and limit_leaks() inside a running program: no library is loaded into the
host, no file of code is read there, and the process that finds names is not seen."""
import re
import shutil
import subprocess

import pytest

import cases
import heads

pytestmark = pytest.mark.known_python

# A thread of C without a Python frame calls strdup(): the site is libc's, and its name decides that
# the block counts.
START = heads.HEAD + '''
import ctypes, gc, os, re, signal, threading, time
libc = ctypes.CDLL(None)
def strdup_in_c(size=5000):
    thread = ctypes.c_ulong()
    text = ctypes.create_string_buffer(b'x' * size)
    libc.pthread_create(ctypes.byref(thread), None, libc.strdup, text)
    libc.pthread_join(thread, None)
def ask():
    # The first calls of these functions allocate and free memory of the interpreter's own.
    pymemflow.outstanding()
    strdup_in_c()
    pymemflow.mark('here')
    before = pymemflow.outstanding()
    strdup_in_c()
    # Other threads may free something meanwhile.
    assert pymemflow.outstanding().bytes >= before.bytes + 4000
    growth = pymemflow.growth_since('here')
    error = raises(pymemflow.LeakError, pymemflow.limit_leaks(1000)(strdup_in_c))
    return [site.name for site in growth.sites if 5000 <= site.bytes < 6000], str(error)
def files():
    with open('/proc/self/maps') as maps:
        return {line.split(None, 5)[5].strip() for line in maps if len(line.split(None, 5)) > 5}
'''

NAMED = '''
names, text = ask()
assert names and names[0].startswith('strdup (libc'), names
assert 'strdup (libc' in text, text
'''


class Case(cases.Case):
    def check(self, program, **options):
        options.setdefault('output', '/dev/null')
        run = self.trace.code(START + program, **options)
        assert (run.status, run.stderr) == (0, ''), run.stderr
        return run


class TestNames(Case):
    def test_a_function_of_c_is_named_and_counts(self):
        self.check(NAMED)

    def test_in_forked_children(self):
        self.check(NAMED + '''
child = os.fork()
if child == 0:
    names, text = ask()
    os._exit(0 if names and 'strdup (libc' in text else 3)
assert os.waitpid(child, 0) == (child, 0)
names, text = ask()
assert names[0].startswith('strdup (libc'), names
''')

    def test_without_the_library_file(self):
        """The numbers are there, and nothing is said before the end. A function of C is an address."""
        copy = shutil.copy(self.build.library, self.path('libpymemflow.so'))
        run = self.trace.code(START + '''
os.remove(%r)
pymemflow.mark('here')
kept = [malloc(70000)]
strdup_in_c()
growth = pymemflow.growth_since('here')
assert 70000 <= growth.bytes < 75000 <= growth.alive_bytes, growth
in_c, = [site.name for site in growth.sites if site.bytes == 5000] or [None]
assert in_c is None or re.fullmatch('libc.*[+]0x[0-9a-f]+', in_c), in_c
error = raises(pymemflow.LeakError, pymemflow.limit_leaks(1000)(lambda: kept.append(malloc(5000))))
assert '<lambda>' in str(error), error
print('end', file=sys.stderr, flush=True)
''' % copy, output='/dev/null', LD_PRELOAD=copy, TMPDIR=self.folder)
        assert run.status == 0
        said = re.fullmatch(
            r'end\npymemflow: cannot start the reporter \(No such file or directory\): the record is kept; '
            r'print its report with: pymemflow report (/\S+\.pmf)\n', run.stderr)
        assert said, run.stderr
        assert 'malloc(70000)' in self.cli.report(said.group(1)).text


class TestNothingIsLoaded(Case):
    def test_no_library_is_mapped(self):
        self.check('''
pymemflow.limit_leaks(1000)(strdup_in_c)  # imports what the decorator needs
before = files()
names, text = ask()
after = files()
assert names and 'strdup (libc' in text
new = [name for name in after - before if name.startswith('/') and '(deleted)' not in name]
assert not new, new
assert not [name for name in after if 'libelf' in name or 'libunwind' in name or 'mimalloc' in name]
''')

    @pytest.mark.one_python
    @pytest.mark.needs('strace')
    def test_no_file_is_opened(self):
        code = START + '''
ask()
print(os.getpid(), flush=True)
child = os.fork()
if child == 0:
    # A new process knows no names yet.
    libc.access(b'/the/answers/begin', 0)
    names, text = ask()
    libc.access(b'/the/answers/end', 0)
    os._exit(0 if names and 'strdup (libc' in text else 3)
assert os.waitpid(child, 0) == (child, 0)
'''
        log = self.path('strace')
        done = subprocess.run(['strace', '-f', '-qq', '-o', log, '-e', 'trace=open,openat,openat2,access,faccessat,'
                               'faccessat2,execve,memfd_create', '-E', 'LD_PRELOAD=' + self.build.library,
                               '-E', 'PYMEMFLOW_OUTPUT=/dev/null', self.python.path, '-c', code],
                              env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if b'ptrace' in done.stderr and done.returncode != 0:
            pytest.skip('strace may not trace here')
        assert done.returncode == 0, done.stderr
        lines = self.read('strace').splitlines()
        begin, = [i for i, line in enumerate(lines) if '/the/answers/begin' in line]
        end, = [i for i, line in enumerate(lines) if '/the/answers/end' in line]
        host = lines[begin].split()[0]
        between = lines[begin + 1:end]
        # Growth reads the resident memory, of which the kernel's file is no file of code.
        own = [line for line in between if line.split()[0] == host and re.search(r'\b(open|exec)', line)
               and '"/proc/self/statm", O_RDONLY|O_CLOEXEC' not in line]
        assert not own, own
        # Another process reads them: the log has its calls too.
        assert [line for line in between if line.split()[0] != host and 'libelf' in line]


class TestUnseen(Case):
    WATCHED = '''
seen, is_over = [], False
signal.signal(signal.SIGCHLD, lambda *_: seen.append('SIGCHLD'))
def watch(options):
    while not is_over:
        try:
            found = os.waitpid(-1, os.WNOHANG | options)[0]
            if found: seen.append(found)
        except ChildProcessError:
            pass
        time.sleep(0)
threads = [threading.Thread(target=watch, args=(options,), daemon=True) for options in (0, 0x40000000)]
for thread in threads: thread.start()
%s
is_over = True
for thread in threads: thread.join()
os._exit(3 if seen else 0)
'''

    def test_no_child_and_no_signal(self):
        self.check(self.WATCHED % NAMED)

    def test_in_many_processes(self):
        """Each process asks for the names of its own."""
        self.check('for _ in range(10):\n    child = os.fork()\n    if child == 0:\n' +
                   '\n'.join('        ' + line for line in (self.WATCHED % NAMED).splitlines()) +
                   '\n    assert os.waitpid(child, 0) == (child, 0)\n')

    def test_a_signal_ends_the_program_meanwhile(self):
        """The handler runs after the answer, and its _exit() is the program's end."""
        self.check('''
signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
for _ in range(1000):
    ask()
os._exit(3)
''')
