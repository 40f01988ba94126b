"""The report at the end of a program replaces nothing that exists. No link and no special file of another
user decides where it goes, or where the output of a command goes."""
import os
import shutil
import stat
import subprocess
import time

import pytest

import cases
import reports

pytestmark = [pytest.mark.known_python, pytest.mark.one_python]
SOMEBODY = 65534
VARIABLES = ['PYMEMFLOW_OUTPUT', 'PYMEMFLOW_CAPTURE']
SWITCH = '/proc/sys/fs/protected_symlinks'


def sizes(text):
    return [event.arguments[-1] for event in reports.Report(text).events]


class Case(cases.Case):
    def names(self):
        return sorted(os.listdir(self.folder))

    def run_with(self, code, **options):
        run = self.trace.code(code, output=None, cwd=self.folder, **options)
        assert run.status == 0, run.stderr
        return run

    def check_other(self, run, asked, given, size=77777):
        assert run.stderr == 'pymemflow: %s already exists and is kept: the report is in %s\n' % (
            self.path(asked), self.path(given))
        assert size + 33 in sizes(self.read(given))


class TestNames(Case):
    def test_a_file_of_the_users_own_stays(self):
        self.write('out', 'precious')
        for names in ('out.%d', 'out.%d'):
            run = self.run_with('bytes(77777)', PYMEMFLOW_OUTPUT='out')
            self.check_other(run, 'out', names % run.pid)
        assert self.read('out') == 'precious'

    def test_the_process_id_is_taken_too(self):
        """By an earlier process, or one of another container."""
        code = ('import os\nbytes(77777)\nfor name in ("out", "out.%d" % os.getpid()):\n'
                '    with open(name, "w") as file: file.write("precious")\n')
        run = self.run_with(code, PYMEMFLOW_OUTPUT=self.path('out'))
        self.check_other(run, 'out', 'out.%d.2' % run.pid)
        assert [self.read(name) for name in ('out', 'out.%d' % run.pid)] == ['precious'] * 2

    def test_a_name_that_has_the_process_id(self):
        code = ('import os\nbytes(77777)\nfor name in ("out.%d", "out.%d.2"):\n'
                '    open(name % os.getpid(), "w").close()\n')
        run = self.run_with(code, PYMEMFLOW_OUTPUT=self.path('out.%p'))
        self.check_other(run, 'out.%d' % run.pid, 'out.%d.3' % run.pid)

    def test_a_child_whose_name_is_taken(self):
        code = ('import os, sys\nchild = os.fork()\nif child == 0:\n'
                '    bytes(77777)\n    open("out.%d" % os.getpid(), "w").close()\n    os._exit(0)\n'
                'os.waitpid(child, 0)\nprint(child)\n')
        run = self.run_with(code, PYMEMFLOW_OUTPUT=self.path('out'))
        child = int(run.stdout)
        self.check_other(run, 'out.%d' % child, 'out.%d.2' % child)
        assert self.names() == ['out', 'out.%d' % child, 'out.%d.2' % child]

    def test_images_of_one_process(self):
        script = self.write('again.py', 'import os, sys\nn = int(sys.argv[1])\nbytes(77777 + n)\n'
                            'if n < 3: os.execv(sys.executable, [sys.executable, sys.argv[0], str(n + 1)])\n')
        for pattern, lines in (('r', 3), ('r.%p', 0)):
            os.mkdir(self.path('d'))
            run = self.trace.program([self.python.path, script, '0'], output=None,
                                     PYMEMFLOW_OUTPUT=self.path('d/' + pattern))
            assert run.status == 0 and run.stderr.count('already exists and is kept') == lines
            found = {size - 77777 - 33: name for name in os.listdir(self.path('d'))
                     for size in sizes(self.read('d/' + name)) if 0 <= size - 77777 - 33 < 4}
            numbers = ['.%d' % run.pid] + ['.%d.%d' % (run.pid, n) for n in (2, 3, 4)]
            expected = ['r' + number for number in (['', *numbers] if pattern == 'r' else numbers)][:4]
            assert [found[n] for n in range(4)] == expected
            shutil.rmtree(self.path('d'))

    @pytest.mark.parametrize('variable', VARIABLES)
    @pytest.mark.parametrize('start', [
        'import subprocess\n'
        'child = subprocess.Popen(command, preexec_fn=lambda: bytes(99), stderr=subprocess.PIPE)\n'
        'print(child.pid, child.communicate()[1])\n',
        'import pty\nchild, end = pty.fork()\nif child == 0: os.execv(command[0], command)\ntext = b""\n'
        'try:\n    while True: text += os.read(end, 999)\nexcept OSError: pass\n'
        'print(child, text)\nos.waitpid(child, 0)\n',
    ])
    def test_a_child_that_execs(self, start, variable):
        """It allocates before, so that there is a record of the fork and one of the new image."""
        code = 'import os, sys\ncommand = [sys.executable, "-c", "import os; os.write(2, b\'.\')"]\n' + start
        run = self.run_with(code, **{variable: self.path('r.%p')})
        child, text = run.stdout.split()
        assert (text, run.stderr) == ("b'.'", '')
        assert len([name for name in self.names() if child in name]) == 2, self.names()

    @pytest.mark.parametrize('variable', VARIABLES)
    def test_an_old_file_of_another_process(self, variable):
        """The shell knows the number of the process, and gives the file its name."""
        os.utime(self.write('old', 'precious'), (time.time() - 60,) * 2)
        run = self.trace.program(['sh', '-c', 'mv old r.$$; exec "$0" -c "bytes(77777)"', self.python.path],
                                 output=None, cwd=self.folder, **{variable: self.path('r.%p')})
        name = 'r.%d' % run.pid
        assert run.stderr.startswith('pymemflow: %s already exists and is kept' % self.path(name))
        assert self.read(name) == 'precious' and len(self.names()) == 2

    @pytest.mark.needs_root
    @pytest.mark.needs_namespaces('--pid', '--fork', '--mount-proc')
    def test_processes_of_one_number(self):
        """Each is the first process of its namespace."""
        for n in range(4):
            run = self.trace.program(
                ['unshare', '--pid', '--fork', '--mount-proc', self.python.path, '-c',
                 'bytes(%d)' % (77777 + n)], output=None, PYMEMFLOW_OUTPUT=self.path('r.%p'))
            assert run.status == 0
        assert self.names() == ['r.1', 'r.1.2', 'r.1.3', 'r.1.4']
        for n, name in enumerate(self.names()):
            assert 77777 + n + 33 in sizes(self.read(name))

    def test_after_an_exec_that_failed(self):
        """The second report of a process replaces its first, and no other file of that name."""
        os.chmod(self.write('script', '#!/no/such/interpreter\n'), 0o755)
        fail = ('import os\ntry: os.execv("./script", ["script"])\nexcept OSError: pass\n')
        run = self.run_with(fail + 'bytes(77777)\n' + fail, PYMEMFLOW_OUTPUT=self.path('out'))
        assert (run.stderr, self.names()) == ('', ['out', 'script'])
        assert 77777 + 33 in sizes(self.read('out'))
        os.remove(self.path('out'))
        code = fail + 'bytes(77777)\nwith open("out", "w") as file: file.write("precious")\n'
        run = self.run_with(code, PYMEMFLOW_OUTPUT=self.path('out'))
        self.check_other(run, 'out', 'out.%d' % run.pid)
        assert self.read('out') == 'precious'

    def test_links_are_taken_names(self):
        self.write('file', 'precious')
        for target in ('file', 'nothing', 'link'):
            os.symlink(target, self.path('link'))
            run = self.run_with('bytes(77777)', PYMEMFLOW_OUTPUT='link')
            self.check_other(run, 'link', 'link.%d' % run.pid)
            os.unlink(self.path('link'))
        assert self.read('file') == 'precious' and 'nothing' not in self.names()

    def test_link_to_a_device(self):
        os.symlink('/dev/null', self.path('link'))
        run = self.run_with('pass', PYMEMFLOW_OUTPUT='link')
        assert (run.stderr, self.names()) == ('', ['link'])

    def test_forked_children_share_a_device(self):
        os.symlink('/dev/null', self.path('link'))
        run = self.run_with('import os\nif os.fork(): os.wait()\nbytes(77777)', PYMEMFLOW_OUTPUT='link')
        assert (run.stderr, self.names()) == ('', ['link'])

    def test_forked_children_share_a_descriptor(self):
        run = self.run_with('import os\nif os.fork(): os.wait()\nbytes(77777)',
                            PYMEMFLOW_OUTPUT='/dev/stdout')
        first, second = run.stdout.split('dtrace:::BEGIN')[1:]
        assert '77810' in first and '77810' in second
        assert not os.path.exists('/dev/stdout.%d' % run.pid)

    def test_standard_output_that_is_a_file(self):
        """The output of the program stays, and the report follows it."""
        with open(self.path('out'), 'wb') as file:
            status = subprocess.call(
                [self.python.path, '-c', 'print("precious", flush=True); bytes(77777)'], stdout=file,
                env=dict(self.environment, LD_PRELOAD=self.build.library, PYMEMFLOW_OUTPUT='/dev/stdout'))
        text = self.read('out')
        assert status == 0 and text.startswith('precious\n')
        assert 77777 + 33 in sizes(text[len('precious\n'):])

    def test_no_control_characters_in_the_line(self):
        self.write('o\x1b[31m', '')
        run = self.run_with('pass', PYMEMFLOW_OUTPUT=self.path('o\x1b[31m'))
        assert '\\x1b[31m' in run.stderr and '\x1b' not in run.stderr


class TestCommand(Case):
    @pytest.fixture(autouse=True)
    def capture(self, fixtures):
        self.run_with('bytes(77777)', PYMEMFLOW_CAPTURE=self.path('c'))

    def test_a_file_of_the_users_own_is_replaced(self):
        os.chmod(self.write('out', 'old'), 0o640)
        os.link(self.path('out'), self.path('other'))
        for words in (['report', self.path('c')], ['run', self.python.path, '-c', 'bytes(77777)']):
            done = self.cli(words[0], '--output', self.path('out'), *words[1:])
            assert (done.status, done.stderr) == (0, '')
            assert 77777 + 33 in sizes(self.read('out'))
            assert stat.S_IMODE(os.stat(self.path('out')).st_mode) == 0o640
            assert self.read('other') == 'old'

    def test_a_link_of_the_users_own(self):
        self.write('out', 'old')
        os.symlink('out', self.path('link'))
        assert self.cli('report', '--output', self.path('link'), self.path('c')).status == 0
        assert os.path.islink(self.path('link')) and 77777 + 33 in sizes(self.read('out'))
        os.symlink('new', self.path('dangling'))
        assert self.cli('report', '--output', self.path('dangling'), self.path('c')).status == 0
        assert 77777 + 33 in sizes(self.read('new'))

    def test_captures_stay(self):
        shutil.copy(self.path('c'), self.path('other'))
        os.symlink('other', self.path('link'))
        before = os.stat(self.path('other')).st_mtime_ns
        for name in ('c', 'other', 'link'):
            done = self.cli('report', '--output', self.path(name), self.path('c'))
            assert done.status == 2 and 'an output never replaces a capture' in done.stderr
        assert os.stat(self.path('other')).st_mtime_ns == before


ATTACK = r'''
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* attack WAY VICTIM: in the working directory, until it is killed */
static void make(const char* name) { close(open(name, O_CREAT | O_RDWR, 0666)); }
int main(int count, char** words) {
  (void)count;
  make("out");
  symlink(words[2], "link");
  if (strcmp(words[1], "fifos") == 0) { unlink("out"); mkfifo("out", 0666); open("out", O_RDWR); }
  puts("ready");
  fflush(stdout);
  for (;;) {
    if (strcmp(words[1], "gone") != 0) {
      renameat2(AT_FDCWD, "out", AT_FDCWD, "link", RENAME_EXCHANGE);
      continue;
    }
    unlink("out");
    symlink(words[2], "out");
    unlink("out");
    make("out");
  }
}
'''

ROUNDS = '''
import os, sys
os.chdir(%r)
def is_ours(name):
    try: return os.lstat(name).st_uid == 0
    except FileNotFoundError: return False
reports = 0
for i in range(int(sys.argv[1])):
    try: os.execv(%r, ["script"])
    except OSError: pass
    if os.path.getsize(%r) != 9: sys.exit("overwritten in round %%d" %% i)
    for name in filter(is_ours, os.listdir(".")):
        reports += 1
        os.unlink(name)
print(reports)
'''


@pytest.fixture
def unprotected_links():
    """The kernel's own protection is off, so that ours is tested."""
    with open(SWITCH, encoding='ascii') as file:
        before = file.read()
    try:
        with open(SWITCH, 'w', encoding='ascii') as file:
            file.write('0')
    except OSError as error:
        if before.strip() != '0':
            pytest.skip('may not turn fs.protected_symlinks off: %s' % error)
    yield
    if before.strip() != '0':
        with open(SWITCH, 'w', encoding='ascii') as file:
            file.write(before)


@pytest.mark.needs_root
@pytest.mark.needs('cc', 'setpriv')
@pytest.mark.soak('links')
@pytest.mark.parametrize('way', ['links', 'gone', 'fifos'])
class TestRaces(Case):
    """Another user replaces a file of theirs by a link to a file of ours, and back, all the time."""

    @pytest.fixture(autouse=True)
    def attacker(self, fixtures, way, unprotected_links):
        os.chmod(self.folder, 0o755)
        self.write('victim', 'precious\n')
        os.chmod(self.path('victim'), 0o600)
        os.mkdir(self.path('open'))
        os.chmod(self.path('open'), 0o1777)
        self.write('attack.c', ATTACK)
        subprocess.check_call(['cc', '-w', '-O1', '--output', self.path('attack'), self.path('attack.c')])
        process = subprocess.Popen(
            ['setpriv', '--reuid=%d' % SOMEBODY, '--regid=%d' % SOMEBODY, '--clear-groups',
             self.path('attack'), way, self.path('victim')],
            stdout=subprocess.PIPE, cwd=self.path('open'))
        assert process.stdout.readline() == b'ready\n'
        yield
        assert process.poll() is None
        process.kill()
        process.communicate()
        assert self.read('victim') == 'precious\n'

    def test_by_the_library(self, length, way):
        """An exec that fails has a report made, and the program goes on."""
        rounds = length.pick(1000, 10000) // 3 + 1
        os.chmod(self.write('script', '#!/no/such/interpreter\n'), 0o755)
        run = self.trace.code(ROUNDS % (self.path('open'), self.path('script'), self.path('victim')),
                              rounds, output=None, timeout=1200, PYMEMFLOW_OUTPUT=self.path('open/out'))
        # Each round has one report, which is ours alone.
        assert (run.status, run.stdout) == (0, '%d\n' % rounds), run.stderr[-1000:]
        length.say('%d reports beside an attacker (%s): the file stays as it is' % (rounds, way))

    def test_by_the_command(self, length, way):
        rounds = length.pick(1000, 10000) // 3 + 1
        self.run_with('pass', PYMEMFLOW_CAPTURE=self.path('c'), PYMEMFLOW_FLOW='0')
        for _ in range(rounds):
            done = subprocess.run([self.build.command, 'report', '--format=distributions', '--output',
                                   self.path('open/out'), self.path('c')], stderr=subprocess.PIPE,
                                  check=False)
            assert done.returncode in (0, 2), done
            assert os.path.getsize(self.path('victim')) == 9
            try:
                if os.lstat(self.path('open/out')).st_uid == 0:
                    os.unlink(self.path('open/out'))
            except FileNotFoundError:
                pass
        length.say('%d outputs of the command beside an attacker (%s): the file stays as it is'
                   % (rounds, way))
