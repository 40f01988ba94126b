"""Limits that a program sets for itself late, and file systems that it can no longer see: it ends as it would
alone, and what is lost is said."""
import os
import re

import pytest

from end_cases import EndCase, has_block
from reports import Report

pytestmark = [pytest.mark.known_python, pytest.mark.one_python]
ENDS = pytest.mark.parametrize('end', ['sys.exit(6)', 'os._exit(6)', 'os.execv("/bin/sh", ["sh", "-c", "exit 6"])'])
START = 'import ctypes, os, resource, signal, sys, threading\nbytes(77777)\n'
ACTIONS = {'default': 'signal.SIG_DFL', 'handler': 'lambda *a: os.write(1, b"the handler")'}


class Case(EndCase):
    def check_one_line(self, run, *words):
        assert run.stderr.startswith('pymemflow: ') and run.stderr.count('\n') == 1, run.stderr
        for word in words:
            assert word in run.stderr, run.stderr

    def check_kept(self, run, *words):
        self.check_one_line(run, *words)
        kept = re.search('pymemflow report (/.*)\n', run.stderr)
        assert kept, run.stderr
        report = self.cli.report(kept.group(1))
        os.remove(kept.group(1))
        assert report.lost == 0 and has_block(report)


@pytest.mark.parametrize('action', ACTIONS.values(), ids=ACTIONS)
class TestFileSizes(Case):
    """RLIMIT_FSIZE is lowered while the program runs."""

    def limited(self, action, size, rest):
        return START + ('signal.signal(signal.SIGXFSZ, %s)\n'
                        'resource.setrlimit(resource.RLIMIT_FSIZE, (%d, -1))\n' % (action, size)) + rest

    WORK = 'for i in range(60000): bytes(5000 + i % 9)\n'

    @pytest.mark.parametrize('options', [{}, {'PYMEMFLOW_RING': '64KiB'}, {'PYMEMFLOW_FLOW': '0'}])
    @pytest.mark.parametrize('size', [0, 20000])
    def test_capture_with_a_name(self, action, options, size):
        run = self.trace.code(self.limited(action, size, self.WORK + 'os.write(1, b"end")'), output=None,
                              PYMEMFLOW_CAPTURE=self.path('c'), **options)
        assert (run.status, run.stdout) == (0, 'end')
        done = self.cli('report', self.path('c'))
        assert done.status == 0
        assert run.stderr == '' or 'recording stopped' in run.stderr + done.stdout

    @ENDS
    def test_ends(self, action, end):
        run = self.trace.code(self.limited(action, 20000, self.WORK + end))
        assert (run.status, run.stdout) == (6, '')
        assert list(run.reports) == [run.pid]

    def test_thread_and_forked_child(self, action):
        code = self.limited(action, 0, (
            'def work():\n    for i in range(60000): bytes(5000)\n'
            'if os.fork() == 0: work(); os._exit(5)\nassert os.wait()[1] == 5 << 8\n'
            'thread = threading.Thread(target=work); thread.start(); thread.join()\nos.write(1, b"end")'))
        run = self.trace.code(code)
        assert (run.status, run.stdout) == (0, 'end')
        assert run.pid in run.reports
        assert len(run.reports) == 2 or 'cannot record the forked child' in run.stderr

    def test_standard_error_that_is_full(self, action):
        """No signal comes from a report, or a line, that does not fit."""
        script = self.write('script.py', 'import os, sys\nfile = os.open("log", os.O_CREAT | os.O_RDWR)\n'
                            'os.write(file, b"x" * 30000)\nos.dup2(file, 2)\n'
                            'os.execv(sys.executable, [sys.executable, "-c", sys.argv[1]])\n')
        for options in ({}, {'PYMEMFLOW_CAPTURE': '/dev/null'}):
            run = self.trace.program([self.python.path, script, self.limited(action, 20000, 'sys.exit(6)')],
                                     output=None, cwd=self.folder, **options)
            assert (run.status, run.stdout) == (6, '')
            os.remove(self.path('log'))


class TestMemory(Case):
    """The process that makes the report has the hard limits of the program."""

    @ENDS
    @pytest.mark.parametrize('limit', ['RLIMIT_AS', 'RLIMIT_DATA'])
    def test_little(self, limit, end):
        run = self.trace.code(START + 'resource.setrlimit(resource.%s, (20 << 20, 20 << 20))\n%s' % (limit, end),
                              TMPDIR=self.folder)
        if 'sh' not in end:  # an exec may have too little memory for the program
            assert run.status == 6
        if run.stderr:
            self.check_kept(run)
        else:
            self.check(run)

    @pytest.mark.parametrize('end', ['sys.exit(6)', 'os._exit(6)'])
    @pytest.mark.parametrize('kibibytes', [64, 128, 256, 512, 1024, 1536, 2048, 4096])
    def test_data(self, kibibytes, end):
        """At some of these sizes the reporter cannot be started, and at others it finds no memory."""
        run = self.trace.code(START + 'resource.setrlimit(resource.RLIMIT_DATA, (%d, %d))\n%s'
                              % (kibibytes << 10, kibibytes << 10, end), output=None, TMPDIR=self.folder)
        assert run.status == 6
        kept = re.search('pymemflow: .* the record is kept; .* pymemflow report (/.*)\n', run.stderr)
        report = self.cli.report(kept.group(1)) if kept else Report(run.stderr)
        if kept:
            os.remove(kept.group(1))
        assert report.lost == 0 and has_block(report)

    def test_next_to_nothing(self):
        run = self.trace.code(START + 'resource.setrlimit(resource.RLIMIT_AS, (1 << 20, 1 << 20))\nos._exit(6)',
                              TMPDIR=self.folder)
        assert run.status == 6
        self.check_kept(run, 'the record is kept')

    @pytest.mark.parametrize('limit, value', [('RLIMIT_SIGPENDING', 0), ('RLIMIT_MSGQUEUE', 0), ('RLIMIT_CORE', 0),
                                              ('RLIMIT_MEMLOCK', 0), ('RLIMIT_NICE', 0), ('RLIMIT_RTPRIO', 0)])
    def test_others(self, limit, value):
        run = self.trace.code(START + 'resource.setrlimit(resource.%s, (%d, %d))\nos._exit(6)' % (limit, value, value))
        assert (run.status, run.stderr) == (6, '')
        self.check(run)


COUNT = ('def count():\n    files = []\n    try:\n        while True: files.append(os.dup(0))\n'
         '    except OSError: pass\n    for file in files: os.close(file)\n    return len(files)\n')


class TestDescriptors(Case):
    """RLIMIT_NOFILE: the program has as many as alone, and its record is not lost."""
    LIMITS = pytest.mark.parametrize('limit', range(3, 11))

    def alone(self, code):
        run = self.trace.code(code, preload=False, output=None)
        assert run.status == 6, run.stderr
        return run.stdout

    def lowered(self, limit, hard):
        return (START + COUNT + 'resource.setrlimit(resource.RLIMIT_NOFILE, (%d, %s))\n'
                % (limit, limit if hard else 'resource.getrlimit(resource.RLIMIT_NOFILE)[1]'))

    @LIMITS
    @pytest.mark.parametrize('hard', [True, False])
    @pytest.mark.parametrize('named', [True, False])
    def test_lowered_before_the_end(self, limit, hard, named):
        code = self.lowered(limit, hard) + 'os.write(1, b"%d" % count())\nos._exit(6)'
        options = {'PYMEMFLOW_CAPTURE': self.path('capture')} if named else {'TMPDIR': self.folder}
        run = self.trace.code(code, **options)
        assert (run.status, run.stdout) == (6, self.alone(code))
        if not hard:
            assert run.reports, run.stderr  # the soft limit is raised in the process that makes it
        if run.reports:
            self.check(run)
        elif named:
            self.check_one_line(run, 'the record is kept', self.path('capture'))
            assert has_block(self.cli.report(self.path('capture')))
        else:
            self.check_kept(run, 'the record is kept')

    @LIMITS
    def test_all_in_use(self, limit):
        code = self.lowered(limit, True) + 'try:\n    while True: os.dup(0)\nexcept OSError: os._exit(6)'
        run = self.trace.code(code, TMPDIR=self.folder)
        assert run.status == 6
        if run.reports:
            self.check(run)
        else:
            self.check_kept(run, 'the record is kept')

    @LIMITS
    @pytest.mark.parametrize('named', [True, False])
    def test_forked_child(self, limit, named):
        """It has no number above the limit for a record of its own, and needs those below it."""
        code = self.lowered(limit, True) + ('if os.fork() == 0:\n    bytes(77777); os.write(1, b"%d " % count()); '
                                            'os._exit(0)\nos.wait()\nos.write(1, b"%d" % count())\nos._exit(6)')
        options = {'PYMEMFLOW_CAPTURE': self.path('capture')} if named else {'TMPDIR': self.folder}
        run = self.trace.code(code, output=None, **options)
        assert (run.status, run.stdout) == (6, self.alone(code))
        recorded = [name for name in os.listdir(self.folder) if name.startswith('capture.')]
        assert recorded or 'cannot record the forked child' in run.stderr or os.geteuid() == 0, run.stderr

    @pytest.mark.parametrize('limit', [6, 10, 31, 32, 64])
    @pytest.mark.parametrize('named', [True, False])
    def test_from_the_start(self, limit, named):
        """With fewer than 32 it is not recorded; else its record takes one, or two."""
        code = START + COUNT + 'os.write(1, b"%d" % count())\nos._exit(6)'
        words = ['sh', '-c', 'ulimit -n %d; exec "$@"' % limit, 'sh', self.python.path, '-c', code]
        options = {'PYMEMFLOW_CAPTURE': self.path('capture')} if named else {}
        alone = self.trace.program(words, preload=False, output=None)
        run = self.trace.program(words, output=None, **options)
        assert (alone.status, run.status) == (6, 6)
        fewer = int(alone.stdout) - int(run.stdout)
        if 'this program runs untraced' in run.stderr:
            assert limit < 32 and fewer == 0
            self.check_one_line(run, 'Too many open files')
        else:
            assert fewer == 0 or limit >= 32 and fewer <= (2 if named else 1), run.stderr


@pytest.mark.needs_root
class TestRoots(Case):
    """The program no longer sees the file of the library, or /proc."""

    @ENDS
    def test_another_root(self, end):
        """Nothing can be started there: the record is kept where it can be."""
        if 'sh' in end:
            end = 'try: os.execv("/bin/sh", ["sh"])\nexcept FileNotFoundError: sys.exit(6)'
        os.makedirs(self.path('root/var/tmp'))
        run = self.trace.code(START + 'os.chroot(%r); os.chdir("/")\n%s' % (self.path('root'), end))
        assert run.status == 6
        self.check_one_line(run)
        kept = os.listdir(self.path('root/var/tmp'))
        assert len(kept) == 1 and '/var/tmp/' + kept[0] in run.stderr
        report = self.cli.report(self.path('root/var/tmp/' + kept[0]))
        assert report.lost == 0 and has_block(report)

    def test_empty_root(self):
        os.mkdir(self.path('root'))
        run = self.trace.code(START + 'os.chroot(%r)\nos._exit(6)' % self.path('root'))
        assert run.status == 6 and os.listdir(self.path('root')) == []
        self.check_one_line(run, 'cannot be kept', 'it is lost')

    @pytest.mark.needs_namespaces('--mount')
    @pytest.mark.parametrize('options', [{}, {'PYMEMFLOW_FLOW': '0'}])
    def test_no_proc(self, options):
        """The system of processes is unmounted while the program runs."""
        words = ['unshare', '--mount', self.python.path, '-c',
                 START + 'libc = ctypes.CDLL(None)\nassert libc.umount2(b"/proc", 2) == 0\n'
                 'assert not os.path.exists("/proc/self")\nos._exit(6)']
        run = self.trace.program(words, **options)
        assert (run.status, run.stderr) == (6, '')
        assert 'PYMEMFLOW_FLOW' in options or has_block(run.report)
