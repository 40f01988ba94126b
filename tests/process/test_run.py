"""pymemflow run: the program runs as it would without, and each of its processes has a report."""
import os
import re
import shutil
import signal
import subprocess

import pytest

import cases
import reports

pytestmark = pytest.mark.known_python
SUMMARY = re.compile(r'(?m)^process: +(\d+)$')


class Case(cases.Case):
    @pytest.fixture(autouse=True)
    def own_path(self, fixtures):
        """Makes `python3` the traced Python, and uses a temporary folder that the test can inspect."""
        bin_folder = self.path('bin')
        os.mkdir(bin_folder)
        os.symlink(self.python.path, os.path.join(bin_folder, 'python3'))
        self.environment['PATH'] = bin_folder + ':' + self.environment['PATH']
        os.mkdir(self.path('tmp'))
        self.environment['TMPDIR'] = self.path('tmp')
        yield
        assert os.listdir(self.path('tmp')) == []  # nothing is left behind

    def run_command(self, *words, **options):
        options.setdefault('cwd', self.folder)
        return self.cli('run', *words, env=self.environment, **options)

    def script(self, text):
        return self.write('script.py', text)


class TestPrograms(Case):
    def test_script_module_code_and_program(self):
        script = self.script('import sys; print(sys.argv[1:], __name__); sys.exit(3)')
        out = "['-m', '--summary', 'a b'] __main__\n"
        arguments = ['-m', '--summary', 'a b']
        with open(script) as file:
            code = file.read()
        for program in ([script], ['-m', 'script'], ['-c', code], ['--', self.python.path, script],
                        [self.python.path, script], ['--', 'script.py']):
            done = self.run_command('--format=summary', *(program + arguments))
            assert (done.status, done.stdout) == (3, out), (program, done.stderr)
            assert len(SUMMARY.findall(done.stderr)) == 1, done.stderr

    def test_report_is_the_flow(self):
        done = self.run_command('--output', 'report', '-c',
                                'import cMemLeak\ndef f(): cMemLeak.CMalloc(4321)\nf()')
        assert (done.status, done.stderr) == (0, '')
        with open(self.path('report')) as file:
            report = reports.Report(file.read())
        assert 4321 in report.sizes('f')

    def test_what_is_recorded_by_probes(self):
        """After a return there is no line for the D script's probes, until the next call."""
        if not self.python.can_be_probed:
            done = self.run_command('--attribution=probe', '-c', '')
            assert 'pymemflow: cannot probe CPython ' in done.stderr
            return
        script = self.script('import cMemLeak\ndef callee():\n    cMemLeak.malloc(4321)\n'
                             'def f():\n    callee(); cMemLeak.malloc(4322)\nf()\n')
        for option, has_line in (('--attribution=frame', True), ('--attribution=probe', False),
                                 ('--compat=dtrace', False)):
            report = self.run_command(option, '--', self.python.path, script).stderr
            assert '-> callee malloc(4321) ' in report
            assert ('-> f malloc(4322) ' in report) == has_line, option
        report = self.run_command('--python-call-stack', '--', self.python.path, script).stderr
        assert re.search(r'(?m)script\.py:4 +CALL +-> f$', report)

    def test_options_of_the_environment(self):
        self.environment['PYMEMFLOW_SUMMARY'] = '1'
        self.environment['PYMEMFLOW_OUTPUT'] = self.path('o.%p')
        done = self.run_command('-c', '')
        assert (done.status, done.stderr) == (0, '')
        name, = [name for name in os.listdir(self.folder) if name.startswith('o.')]
        with open(self.path(name)) as file:
            assert SUMMARY.findall(file.read()) == [name[2:]]

    def test_capture_is_kept(self):
        done = self.run_command('--format=summary', '--capture=kept', '-c', '')
        assert done.status == 0
        assert self.cli('report', '--format=summary', self.path('kept')).stdout == done.stderr

    def test_preloads_of_the_user_stay(self):
        self.environment['LD_PRELOAD'] = self.build.path('counts_mallocs')
        done = self.run_command('--format=summary', '-c',
                                'import os; print(os.environ["LD_PRELOAD"])')
        assert done.stdout.splitlines()[0] == '%s:%s' % (
            self.build.library, self.build.path('counts_mallocs'))
        assert 'alive at the end' in done.stderr

    def test_from_a_path_with_blanks(self):
        folder = self.path('a b:c$d')
        os.mkdir(folder)
        shutil.copy(self.cli.path, folder)
        shutil.copy(self.build.library, folder)
        process = subprocess.Popen([os.path.join(folder, 'pymemflow'), 'run', '--format=summary', '-c', ''],
                                   env=self.environment, stderr=subprocess.PIPE)
        _, err = process.communicate()
        assert process.returncode == 0
        assert len(SUMMARY.findall(err.decode())) == 1, err


@pytest.mark.one_python
class TestOtherLibrary(Case):
    """A program for musl, which its loader would end if our library were preloaded."""

    def check(self, *words):
        done = self.run_command(*words)
        assert (done.status, done.stdout) == (0, 'no Python\n')
        assert re.search(r'^pymemflow: \S+ is built for musl, and this library for glibc; '
                         r'the program runs untraced\n$', done.stderr)

    @pytest.mark.needs('musl-gcc')
    def test_musl(self):
        program = self.build.path('for_musl')
        self.check(program)
        with open(self.path('script'), 'w') as file:
            file.write('#!%s some argument\n' % program)
        os.chmod(self.path('script'), 0o755)
        self.check(self.path('script'))
        done = self.cli('gate', '--max-leak=1', program, env=self.environment)
        assert (done.status, done.stdout) == (2, 'no Python\n')
        # It is as true as ever that it would.
        assert self.trace.program([program]).status == 127


class TestEnds(Case):
    def test_killed(self):
        done = self.run_command('--format=summary', '-c', 'import os; os.kill(os.getpid(), 9)')
        assert done.status == 128 + 9
        assert len(SUMMARY.findall(done.stderr)) == 1
        assert 'the program did not end by itself' in done.stderr

    def test_signals_are_handed_on(self):
        code = ('import signal, sys, time\n'
                'signal.signal(signal.%s, lambda *_: sys.exit(5))\n'
                'print("ready", flush=True)\n'
                # A signal just before a sleep begins does not end the sleep.
                'for _ in range(6000): time.sleep(0.01)')
        for name in ('SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1'):
            # A signal that the tests' own caller ignores, as nohup does, would stay ignored.
            process = subprocess.Popen([self.cli.path, 'run', '--format=summary', '-c', code % name],
                                       env=self.environment, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, preexec_fn=lambda number=getattr(signal, name):
                                       signal.signal(number, signal.SIG_DFL))
            assert process.stdout.readline() == b'ready\n'
            process.send_signal(getattr(signal, name))
            _, err = process.communicate(timeout=60)
            assert process.returncode == 5, name
            assert len(SUMMARY.findall(err.decode())) == 1

    def test_ignored_stays_ignored(self):
        code = 'import signal; print(signal.getsignal(signal.SIGHUP) == signal.SIG_IGN)'
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            assert self.run_command('--format=summary', '-c', code).stdout == 'True\n'
        finally:
            signal.signal(signal.SIGHUP, before)

    def test_what_cannot_run(self):
        plain = self.path('plain')
        with open(plain, 'w') as file:
            file.write('text')
        for words, text in (((), 'a program is missing'), (('nosuch',), 'nosuch: No such file'),
                            ((plain,), 'plain: Permission denied'),
                            (('--nosuch', '-c', ''), '--nosuch'),
                            (('--ring=12XB', '-c', ''), '--ring=12XB')):
            done = self.run_command(*words)
            assert (done.status, done.stdout) == (2, ''), words
            assert done.stderr.count('\n') == 1, done.stderr
            assert text in done.stderr
        self.environment['PYMEMFLOW_NOSUCH'] = '1'
        done = self.run_command('-c', '')
        assert (done.status, done.stderr.count('\n')) == (2, 1), done.stderr
        assert 'PYMEMFLOW_NOSUCH' in done.stderr

    def test_no_python(self):
        done = self.run_command('sh', '-c', 'exit 6')
        assert (done.status, done.stderr) == (6, 'pymemflow: no Python ran that could be recorded: there is nothing to report\n')


class TestChildren(Case):
    CODE = ('import os, subprocess, sys\n'
            'child = os.fork()\n'
            'if child == 0: os._exit(0)\n'
            'os.waitpid(child, 0)\n'
            'subprocess.check_call([sys.executable, "-c", ""])\n'
            'sys.stdout.flush()\n'
            'os.execv(sys.executable, [sys.executable, "-c", ""])\n')

    def test_fork_and_exec(self):
        done = self.run_command('--format=summary', '-c', self.CODE)
        assert done.status == 0
        processes = SUMMARY.findall(done.stderr)
        assert len(processes) == 4, done.stderr
        assert len(set(processes)) == 3
        assert '\npymemflow: 4 processes\n' in done.stderr
        assert len(re.findall(r'(?m)^pymemflow: process \d+: .* alive at the end, ',
                              done.stderr)) == 4

    def test_a_report_each(self):
        done = self.run_command('--output=o', '-c', self.CODE)
        names = [name for name in os.listdir(self.folder) if name.startswith('o')]
        assert len(names) == 4, names
        assert 'o' in names
        pids = re.findall(r'process (\d+):', done.stderr)
        assert sorted(set(names)) == sorted(['o', 'o.2'] + ['o.' + pid for pid in set(pids[1:]) - {pids[0]}])

    def test_no_children(self):
        done = self.run_command('--format=summary', '--no-children', '-c', self.CODE)
        assert len(set(SUMMARY.findall(done.stderr))) == 1, done.stderr
