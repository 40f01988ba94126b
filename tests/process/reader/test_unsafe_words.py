"""Names and words that the user or a program chose, in every command and message: none reaches a terminal in
a form that changes the direction of the text, ends a line or moves the cursor."""
import os
import re
import shutil
import subprocess
import sys

import pytest

import built
import cases

pytestmark = [pytest.mark.one_python, pytest.mark.known_python]
# U+202E, U+2028, U+2066; the escape that begins a colour; U+009B, which begins one too.
HOSTILE = 'w\u202ex\u2028y\u2066z\x1b[31m\u009b'
UNSAFE = re.compile('[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]')
# As it is seen: bytes, and U+XXXX in JSON and for arguments of options.
SEEN = re.compile(r'w(\\+xe2\\+x80\\+xae|\\+u202e|\?\?\?)x')
OPTIONS = ('OUTPUT', 'CAPTURE', 'FLOW', 'FORMAT', 'RING', 'COMPAT', 'ATTRIBUTION', 'START', 'CAPTURE_LIMIT')
LIBRARY = '#include <stdlib.h>\nvoid *leak(void) { return malloc(4321); }\n'

# Words of a command; {H} is the name, {D} a folder of that name. True: the name occurs in the output.
COMMANDS = [
    (True, 'report {D}/c'), (True, 'report {D}/c --format=distributions'), (True, 'report {D}/c --format=summary'),
    (True, 'report {D}/c --format=json'), (True, 'report {D}/c --full-file-path'),
    (True, 'info {D}/c'), (False, 'diff {D}/c {D}/c'), (True, 'diff {D}/empty {D}/c'), (True, 'diff {D}/c {D}/text'),
    (True, 'gate --max-leak=0 {D}/c'), (True, 'gate --max-leak=0 --github {D}/c'),
    (True, 'gate --max-leak=0 --json=- {D}/c'), (True, 'gate --max-leak=0 --junit=- {D}/c'),
    (True, 'gate --max-leak=0 --markdown=- {D}/c'), (True, 'gate --max-leak={H} {D}/c'),
    (True, 'gate --baseline={D}/text {D}/c'), (True, 'gate --max-leak=0 --suppressions={D}/none {D}/c'),
    (True, 'gate --max-leak=0 --json={D}/none/x {D}/c'), (True, 'gate --max-leak=0 {D}/none'),
    (False, 'gate --max-leak=0 --suppressions={D}/sup {D}/c'), (False, 'gate --max-leak=0 --ignore={H} {D}/c'),
    (True, 'report {D}/none'), (True, 'report {D}/text'), (True, 'report --{H}'), (True, 'report --format={H} x'),
    (True, 'report {D}/c --output={D}/none/r'), (True, 'report {D}/c --output={D}/c'),
    (True, '{H}'), (True, 'help {H}'), (True, 'completion {H}'), (True, 'start {H}'), (True, 'stop {H}'),
    (True, 'doctor {D}/none'), (True, 'doctor {D}/text'), (True, 'doctor {D}/python{H}'),
    (True, 'doctor --json {D}/python{H}'), (True, 'doctor {D}/s.py'),
    (True, 'run {D}/none'), (True, 'run --format={H} true'), (True, 'run --output={D}/none/r {P} -c pass'),
    (True, 'run --capture={D}/none/c {P} -c pass'), (True, 'run --capture={D}/c {P} -c pass'),
    (True, 'compress {D}/text'), (True, 'compress {D}/c -o {D}/text'), (True, 'decompress {D}/text'),
    (True, 'decompress {D}/none'), (True, 'overhead {D}/none'), (True, 'overhead --modes={H} {P}'),
]


class Case(cases.Case):
    @pytest.fixture(autouse=True)
    def files(self, fixtures):
        self.hostile = self.path(HOSTILE)
        os.mkdir(self.hostile)
        library = os.path.join(self.hostile, 'lib%s.so' % HOSTILE)
        subprocess.run(['cc', '-shared', '-fPIC', '-x', 'c', '-', '-o', library], input=LIBRARY.encode(), check=True)
        program = ('import ctypes\nin_c = ctypes.CDLL(%r).leak\nin_c.restype = ctypes.c_void_p\n'
                   'exec(compile("def f(): return in_c()", %r, "exec"))\nx = [f(), ctypes.CDLL(None).malloc(5)]\n'
                   % (library, os.path.join(self.hostile, HOSTILE + '.py')))
        self.trace.code(program, HOSTILE, output=None, PYMEMFLOW_CAPTURE=os.path.join(self.hostile, 'c'))
        self.trace.code('pass', output=None, PYMEMFLOW_CAPTURE=os.path.join(self.hostile, 'empty'))
        self.library = library
        for name, text in (('text', 'x'), ('sup', '%s\n*\n  %s\n' % (HOSTILE, HOSTILE)), ('s.py', 'pass')):
            self.write(os.path.join(HOSTILE, name), text)

    def check(self, text):
        assert UNSAFE.findall(text) == [], [ascii(line) for line in text.split('\n') if UNSAFE.search(line)]
        return SEEN.search(text) is not None


class TestCommands(Case):
    def test_each(self):
        shutil.copy(sys.executable, os.path.join(self.hostile, 'python' + HOSTILE))
        for has_name, line in COMMANDS:
            words = [word.format(H=HOSTILE, D=self.hostile, P=self.python.path) for word in line.split()]
            done = self.cli(*words, env=self.environment)
            is_seen = [self.check(done.stdout), self.check(done.stderr)]
            assert any(is_seen) or not has_name, (line, done)

    def test_lines_of_a_run(self):
        done = self.cli('run', '--output=' + os.devnull, self.python.path, '-c', 'import os; os.fork()', HOSTILE,
                        env=self.environment)
        assert self.check(done.stderr) and '2 processes' in done.stderr

    def test_variables_of_the_command(self):
        for option in OPTIONS:
            environment = dict(self.environment, **{'PYMEMFLOW_' + option: self.hostile + '/none/x'})
            self.check(self.cli('run', self.python.path, '-c', 'pass', env=environment).stderr)

    def test_a_file_that_a_gate_reads(self):
        for text in ('{"pymemflow-baseline": 2, "sites": {"%s": {"x": 1}}}', '{"pymemflow-baseline": 2, "sites": %s}',
                     '%s'):
            self.write(HOSTILE + '/base', text % HOSTILE)
            done = self.cli('gate', '--max-leak=0', '--baseline', self.hostile + '/base', self.hostile + '/c')
            self.check(done.stdout + done.stderr)


class TestLibrary(Case):
    def said(self, code='pass', **options):
        run = self.trace.code(code, **options)
        return self.check(run.stderr)

    def test_variables(self):
        for option in OPTIONS:
            assert self.said(output=None, **{'PYMEMFLOW_' + option: self.hostile + '/none/x'}), option

    def test_names_that_are_taken(self):
        for option in ('OUTPUT', 'CAPTURE'):
            assert self.said(output=None, **{'PYMEMFLOW_' + option: self.hostile + '/text'}), option

    def test_files_that_are_gone(self):
        os.mkdir(self.hostile + '/d')
        code = 'import os, shutil; shutil.rmtree(%r); os.fork() or bytes(9)' % (self.hostile + '/d')
        assert self.said(code, output=None, PYMEMFLOW_CAPTURE=self.hostile + '/d/c')

    def test_libraries(self):
        assert self.said('import ctypes; ctypes.CDLL(%r, 8)' % self.library)
        assert not self.said(LD_PRELOAD=self.library + ':' + self.build.library)

    def test_record_that_is_kept(self):
        """In a folder of that name, since the reporter cannot be started."""
        library = shutil.copy(self.build.library, self.path('libpymemflow.so'))
        assert self.said('import os; os.remove(%r)' % library, output='report', TMPDIR=self.hostile,
                         LD_PRELOAD=library)


class TestPython(Case):
    HEAD = 'import sys; sys.path.insert(0, %r); import ctypes, pymemflow\nH = %r\n' % (
        os.path.join(built.ROOT, 'python'), HOSTILE)

    def test_error_of_a_leak(self):
        run = self.trace.code(self.HEAD + (
            'exec(compile("def f(): ctypes.CDLL(None).malloc(99999)", H, "exec"))\n'
            '@pymemflow.limit_leaks("1KiB")\ndef g(): f()\ng()\n'), output='/dev/null')
        assert run.status == 1 and self.check(run.stderr)

    def test_names_of_marks(self):
        run = self.trace.code(self.HEAD + 'pymemflow.mark(H); x = bytes(9999); pymemflow.mark(H)\n', output=None,
                              PYMEMFLOW_FORMAT='summary')
        assert run.status == 0 and self.check(run.stderr)


@pytest.mark.parametrize('words', ['info', 'gate --max-leak=0', 'gate --max-leak=0 --github', 'gate --max-leak=0 --markdown=-',
                                   'gate --max-leak=0 --json=-', 'gate --max-leak=0 --junit=-'])
class TestBytes(cases.Case):
    def test_words_that_are_not_utf8(self, words):
        """The log of a build, or a summary of GitHub, takes UTF-8 alone."""
        self.trace.code('bytes(77777)', b'w\xffx\xc3', output=None, PYMEMFLOW_CAPTURE=self.path('c'))
        done = self.cli(*words.split(), self.path('c'))
        text = (done.stdout + done.stderr).encode('utf-8', 'surrogateescape').decode('utf-8')
        assert re.search(r'w(\\+xff|\ufffd)x(\\+xc3|\ufffd)', text) or '--github' in words
