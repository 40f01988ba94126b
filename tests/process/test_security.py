"""Each claim of SECURITY.md. Most of the tests take two users, so they need root."""
import json
import os
import re
import shutil
import stat
import subprocess
import xml.etree.ElementTree

import pytest

import cases
import runs

pytestmark = [pytest.mark.one_python, pytest.mark.known_python]
SOMEBODY, SOMEBODY_ELSE = 65534, 65533
# Other users cannot run a Python in root's home.
PYTHON = os.path.realpath('/usr/bin/python3')
CONTROL = re.compile('[\x00-\x09\x0b-\x1f\x7f-\x9f]')


class Case(cases.Case):
    @pytest.fixture(autouse=True)
    def readable_folder(self, fixtures):
        os.chmod(self.folder, 0o755)

    def read(self, name):
        with open(self.path(name), encoding='utf-8', errors='surrogateescape') as file:
            return file.read()

    def mode(self, name):
        return stat.S_IMODE(os.stat(self.path(name)).st_mode)

    def record(self, **options):
        """Records a small program, whose output must be its own."""
        run = self.trace('records.py', output=None, **options)
        assert (run.status, run.stdout) == (4, 'out\n')
        return run

    def gate(self, *words):
        return self.cli('gate', '--max-leak=1GiB', *words)


class TestFiles(Case):
    """Files and symlinks that belong to the user of the process."""

    @pytest.fixture(autouse=True)
    def no_umask(self):
        before = os.umask(0)
        yield
        os.umask(before)

    def test_report_is_for_its_owner(self):
        self.record(PYMEMFLOW_OUTPUT=self.path('report'))
        assert self.mode('report') == 0o600

    def test_capture_is_for_its_owner(self):
        self.record(PYMEMFLOW_CAPTURE=self.path('capture'))
        assert self.mode('capture') == 0o600

    def test_nameless_record_has_no_name(self):
        self.record(PYMEMFLOW_OUTPUT=self.path('report'), TMPDIR=self.folder)
        assert os.listdir(self.folder) == ['report']

    def test_files_of_the_gate_are_for_their_owner(self):
        self.record(PYMEMFLOW_CAPTURE=self.path('capture'))
        for kind in ('json', 'junit', 'markdown'):
            self.gate('--%s=%s' % (kind, self.path(kind)), self.path('capture'))
            assert self.mode(kind) == 0o600

    def test_outputs_of_commands_are_for_their_owner(self):
        capture = self.path('capture')
        self.record(PYMEMFLOW_CAPTURE=capture)
        for words in (('report', '-o', 'OUT', capture), ('report', '--format=json', '-o', 'OUT', capture),
                      ('diff', '--json', 'OUT', capture, capture), ('compress', '-o', 'OUT', capture),
                      ('gate', '--update-baseline', '--baseline', 'OUT', capture),
                      ('run', '-o', 'OUT', self.python.path, '-c', 'pass'),
                      ('run', '--capture', 'OUT', self.python.path, '-c', 'pass')):
            out = self.path('out')
            done = self.cli(*[out if word == 'OUT' else word for word in words])
            assert done.status == 0, done
            assert self.mode('out') == 0o600, words
            os.unlink(out)

    def test_kept_record_is_for_its_owner(self):
        """The process with the report cannot be started, and the record gets a name."""
        copy = shutil.copy(self.build.library, self.path('library.so'))
        run = self.trace.code('import os; bytes(10); os.remove(%r)' % copy, LD_PRELOAD=copy, output=None,
                              TMPDIR=self.folder)
        name, = os.listdir(self.folder)
        assert name in run.stderr and self.mode(name) == 0o600

    def test_a_file_that_is_replaced_keeps_its_mode(self):
        self.record(PYMEMFLOW_CAPTURE=self.path('capture'))
        os.chmod(self.write('verdict', 'precious'), 0o644)
        self.gate('--json=' + self.path('verdict'), self.path('capture'))
        assert self.mode('verdict') == 0o644
        assert not json.loads(self.read('verdict'))['is_over']

    def test_capture_never_follows_a_link(self):
        self.write('file', 'precious')
        for target in ('file', 'nothing'):
            os.symlink(self.path(target), self.path('link'))
            run = self.record(PYMEMFLOW_CAPTURE=self.path('link'))
            assert 'already exists and is kept' in run.stderr
            os.unlink(self.path('link'))
        assert self.read('file') == 'precious'
        assert not os.path.exists(self.path('nothing'))

    def test_report_never_follows_a_link_to_a_file(self):
        os.symlink(self.write('file', 'precious'), self.path('link'))
        run = self.record(PYMEMFLOW_OUTPUT=self.path('link'))
        assert self.read('file') == 'precious'
        assert 'dtrace:::BEGIN' in self.read('link.%d' % run.pid)

    def test_devices_are_written_to(self):
        run = self.trace('records.py', PYMEMFLOW_OUTPUT='/dev/stdout')
        assert 'dtrace:::END' in run.stdout


FOLDER = '''
import os
folder = os.path.dirname(os.environ['PYMEMFLOW_CAPTURE'])
print(folder, oct(os.stat(folder).st_mode & 0o777))
'''


class TestTemporaryFiles(Case):
    def test_folder_of_a_run_is_for_its_owner_and_gone_at_its_end(self):
        for command in (('run', '--output=/dev/null'), ('gate', '--max-leak=1GiB')):
            done = self.cli(*command + (self.python.path, '-c', FOLDER),
                            env=dict(self.environment, TMPDIR=self.folder))
            assert done.status == 0, done
            folder, mode = done.stdout.split()
            assert (os.path.dirname(folder), mode) == (self.folder, '0o700')
            assert os.listdir(self.folder) == []

    def test_folders_of_other_commands(self):
        """A Python that looks for the folder while the command examines it, or measures a program."""
        script = self.write('looks', '#!/bin/sh\nfor each in "$TMPDIR"/pymemflow.*; do\n'
                            '  test -d "$each" && stat -c %%a "$each" >>"%s"\ndone\nexec "%s" "$@"\n'
                            % (self.path('modes'), self.python.path))
        os.chmod(script, 0o755)
        os.mkdir(self.path('tmp'))
        for words in (('doctor', script), ('overhead', '--rounds', '1', script, '-c', 'pass')):
            self.cli(*words, env=dict(self.environment, TMPDIR=self.path('tmp')))
            assert set(self.read('modes').split()) == {'700'}, words
            assert os.listdir(self.path('tmp')) == []
            os.unlink(self.path('modes'))


@pytest.mark.needs_root
class TestOthersFiles(Case):
    """Files of other users in a folder that everybody can write to, such as /tmp."""

    @pytest.fixture(autouse=True)
    def open_folder(self, readable_folder):
        os.chmod(self.folder, 0o1777)
        self.write('file', 'precious')

    def give(self, name):
        os.chown(self.path(name), SOMEBODY, SOMEBODY, follow_symlinks=False)

    def report_goes_elsewhere(self):
        run = self.record(PYMEMFLOW_OUTPUT=self.path('report'))
        other = 'report.%d' % run.pid
        assert run.stderr == 'pymemflow: %s already exists and is kept: the report is in %s\n' % (
            self.path('report'), self.path(other))
        assert self.read('file') == 'precious'
        assert self.mode(other) == 0o600 and 'dtrace:::BEGIN' in self.read(other)

    def test_report_by_a_link(self):
        os.symlink(self.path('file'), self.path('report'))
        self.give('report')
        self.report_goes_elsewhere()

    def test_report_by_a_link_to_nothing(self):
        os.symlink(self.path('nothing'), self.path('report'))
        self.give('report')
        self.report_goes_elsewhere()
        assert not os.path.exists(self.path('nothing'))

    def test_report_by_a_second_name(self):
        os.link(self.path('file'), self.path('report'))
        self.report_goes_elsewhere()

    def test_report_into_a_file_that_waits_for_it(self):
        os.chmod(self.write('report', 'bait'), 0o666)
        self.give('report')
        self.report_goes_elsewhere()
        assert self.read('report') == 'bait'

    def test_folder_that_is_a_link_of_theirs(self):
        """A file can be made in another folder of ours then. It is a new one: nothing there is replaced."""
        os.mkdir(self.path('ours'), 0o700)
        self.write('ours/report', 'precious')
        os.symlink('ours', self.path('theirs'))
        self.give('theirs')
        self.record(PYMEMFLOW_OUTPUT=self.path('theirs/report'))
        self.record(PYMEMFLOW_CAPTURE=self.path('theirs/report'))
        assert self.read('ours/report') == 'precious'

    def test_verdict_by_a_link(self):
        self.record(PYMEMFLOW_CAPTURE=self.path('capture'))
        os.symlink(self.path('file'), self.path('verdict'))
        self.give('verdict')
        for kind in ('json', 'junit', 'markdown'):
            done = self.gate('--%s=%s' % (kind, self.path('verdict')), self.path('capture'))
            assert done.status == 2
            assert 'verdict: Permission denied\n' in done.stderr
        assert self.read('file') == 'precious'

    def test_verdict_beside_links_that_were_laid_out(self):
        self.record(PYMEMFLOW_CAPTURE=self.path('capture'))
        os.symlink(self.path('file'), self.path('verdict.new'))
        self.gate('--json=' + self.path('verdict'), self.path('capture'))
        assert not json.loads(self.read('verdict'))['is_over']
        assert self.read('file') == 'precious'


# In a mount namespace of its own, in which every program has the library in front of it.
EVERYWHERE = '''
mkdir "$1/upper" "$1/work" || exit 77
mount -t tmpfs none "$1/upper" && mkdir "$1/upper/up" "$1/upper/work" || exit 77
echo "$2" >"$1/upper/up/ld.so.preload"
mount -t overlay -o lowerdir=/etc,upperdir="$1/upper/up",workdir="$1/upper/work" none /etc || exit 77
shift 2
exec "$@"
'''
# The first word is the environment of what comes after.
AS_SOMEBODY = '''
import json, os, sys
os.setgid(%d)
os.setuid(%d)
os.execve(sys.argv[2], sys.argv[2:], json.loads(sys.argv[1]))
''' % (SOMEBODY, SOMEBODY)
SAYS = '''
import os
with open('/proc/self/maps') as maps:
    print('libpymemflow.so' in maps.read(), os.getuid() == os.geteuid())
'''


@pytest.mark.needs_root
@pytest.mark.needs_namespaces('--mount')
class TestRightsOfItsOwn(Case):
    """A program that has other rights than its caller ignores LD_PRELOAD, but not /etc/ld.so.preload:
    the library is loaded then, and must not read the caller's environment."""

    @pytest.fixture(autouse=True)
    def copies(self, readable_folder):
        os.chmod(self.folder, 0o777)
        self.library = shutil.copy(self.build.library, self.path('libpymemflow.so'))
        self.copy = shutil.copy(PYTHON, self.path('python3'))

    def run_everywhere(self, mode, **options):
        os.chmod(self.copy, mode)
        process = subprocess.run(
            ['unshare', '-m', 'sh', '-c', EVERYWHERE, 'sh', self.folder, self.library,
             PYTHON, '-c', AS_SOMEBODY, json.dumps(dict(options, PYTHONHOME='/usr')), self.copy, '-c',
             SAYS],
            env={'PATH': os.environ['PATH'], 'PYMEMFLOW_FLOW': 'none of both'},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if process.returncode == 77:
            pytest.skip('no overlay over /etc here: %s' % process.stderr.decode().strip())
        for left in ('upper', 'work'):
            shutil.rmtree(self.path(left), ignore_errors=True)
        # The Python in between ran untraced: its options were wrong.
        said = [line for line in process.stderr.decode().splitlines() if 'none of both' not in line]
        return process.stdout.decode(), '\n'.join(said)

    def test_environment_is_obeyed_without_rights(self):
        out, err = self.run_everywhere(0o755, PYMEMFLOW_OUTPUT=self.path('report.%p'))
        assert (out, err) == ('True True\n', '')
        assert [name for name in os.listdir(self.folder) if name.startswith('report.')]

    def test_environment_is_ignored_with_rights(self):
        for options in ({'PYMEMFLOW_OUTPUT': self.path('report.%p')},
                        {'PYMEMFLOW_CAPTURE': self.path('capture')}, {'PYMEMFLOW_NOSUCH': '1'}):
            os.chown(self.copy, SOMEBODY_ELSE, SOMEBODY_ELSE)
            out, err = self.run_everywhere(0o4755, **options)
            assert (out, err) == ('True False\n', '')
            assert sorted(os.listdir(self.folder)) == ['libpymemflow.so', 'python3']


@pytest.mark.needs_root
class TestControl(Case):
    def test_record_of_somebody_else_is_left_alone(self):
        """A record that a process merely has open does not belong to that process."""
        run = self.record(PYMEMFLOW_CAPTURE=self.path('capture'))
        with open(self.path('capture'), 'rb') as file:
            before = bytearray(file.read())
        # As if it were being recorded still, by the process that has it open.
        holder = subprocess.Popen(
            [PYTHON, '-c', 'import sys; sys.stdin.read()'], stdin=subprocess.PIPE,
            pass_fds=(os.open(self.path('capture'), os.O_RDONLY),),
            preexec_fn=lambda: os.setuid(SOMEBODY))
        done = self.cli('stop', str(holder.pid))
        holder.communicate()
        runs.check_error(done, 'does not run under pymemflow')
        with open(self.path('capture'), 'rb') as file:
            assert file.read() == before
        assert run.stderr == ''


class TestTerminals(Case):
    """Names in a capture can be any text. Control characters in them have no effect."""

    @pytest.fixture(autouse=True)
    def odd_names(self, readable_folder):
        self.capture = self.path('capture')
        run = self.trace('odd_names.py', output=None, PYMEMFLOW_CAPTURE=self.capture)
        assert (run.status, run.stderr) == (0, '')

    def check(self, text, seen='\\x1b]0;title\\x07'):
        assert CONTROL.findall(text) == []
        assert seen in text, seen

    def test_reports(self):
        for options in ((), ('--full-file-path',), ('--format=summary',), ('--format=distributions',)):
            done = self.cli('report', self.capture, *options)
            assert (done.status, done.stderr) == (0, '')
            self.check(done.stdout)

    def test_compat_has_the_bytes_of_dtrace(self):
        done = self.cli('report', self.capture, '--compat=dtrace')
        assert '\x1b]0;title\x07' in done.stdout

    def test_names_of_files_that_call(self):
        library = shutil.copy(self.build.path('ends_threads'), self.path('a\x1b[31m\x9b.so'))
        run = self.trace('ends_threads.py', '5', output=None, PMF_ENDS_THREADS=library,
                         PYMEMFLOW_CAPTURE=self.path('other'))
        assert (run.status, run.stderr) == (0, '')
        for command in (('report',), ('info',)):
            done = self.cli(*command + (self.path('other'),))
            self.check(done.stdout, 'a\\x1b[31m\\xc2\\x9b.so')

    def test_gate(self):
        done = self.cli('gate', '--max-leak=0', '--max-growth=0', '--github', self.capture)
        assert done.status == 1
        self.check(done.stdout)
        self.check(done.stderr)

    def test_files_of_the_gate(self):
        kinds = ('json', 'junit', 'markdown')
        files = ['--%s=%s' % (kind, self.path(kind)) for kind in kinds]
        self.cli('gate', '--max-leak=0', *files + [self.capture])
        self.check(self.read('markdown').replace('\\\\', '\\').replace('\\]', ']'))
        self.check(self.read('junit'))
        self.check(self.read('json'), '\\u001b]0;title\\u0007')
        xml.etree.ElementTree.parse(self.path('junit'))
        keys = [leak['key'] for leak in json.loads(self.read('json'))['processes'][0]['leaks']]
        assert '\x9b2J' in ''.join(keys)

    def test_diff(self):
        done = self.cli('diff', self.capture, self.capture, '--json', '/dev/stdout')
        self.check(done.stdout, '\\u001b]0;title\\u0007')

    def test_what_is_wrong_is_said_in_one_line(self):
        done = self.cli('report', self.path('no\x1b[31m\x9b\x7f\nthing'))
        runs.check_error(done, 'no\\x1b[31m\\xc2\\x9b\\x7f\\nthing')
        run = self.record(PYMEMFLOW_FLOW='no\x1b[31m\x9b\x7f\nthing')
        assert CONTROL.findall(run.stderr) == []
        assert run.stderr.count('\n') == 1
