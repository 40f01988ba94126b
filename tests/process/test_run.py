"""pymemflow run: the program runs as it would without, and each of its processes has a report."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import command
import traced

SUMMARY = re.compile(r'(?m)^process: +(\d+)$')


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith('PYMEMFLOW_')}
        self.environment['PYTHONPATH'] = traced.EXAMPLES
        # python3 of the PATH is this one, and temporary folders are ours to look into.
        bin_folder = self.path('bin')
        os.mkdir(bin_folder)
        os.symlink(sys.executable, os.path.join(bin_folder, 'python3'))
        self.environment['PATH'] = bin_folder + ':' + self.environment['PATH']
        os.mkdir(self.path('tmp'))
        self.environment['TMPDIR'] = self.path('tmp')

    def tearDown(self):
        self.assertEqual(os.listdir(self.path('tmp')), [])  # nothing is left behind

    def path(self, name):
        return os.path.join(self.folder, name)

    def run_command(self, *words, **options):
        options.setdefault('cwd', self.folder)
        return command.call('run', *words, env=self.environment, **options)

    def script(self, text):
        with open(self.path('script.py'), 'w') as file:
            file.write(text)
        return self.path('script.py')


class Programs(Case):
    def test_script_module_code_and_program(self):
        script = self.script('import sys; print(sys.argv[1:], __name__); sys.exit(3)')
        out = "['-m', '--summary', 'a b'] __main__\n"
        arguments = ['-m', '--summary', 'a b']
        with open(script) as file:
            code = file.read()
        for program in ([script], ['-m', 'script'], ['-c', code], ['--', sys.executable, script],
                        [sys.executable, script], ['--', 'script.py']):
            done = self.run_command('--summary', *(program + arguments))
            self.assertEqual((done.status, done.stdout), (3, out), (program, done.stderr))
            self.assertEqual(len(SUMMARY.findall(done.stderr)), 1, done.stderr)

    def test_report_is_the_flow(self):
        done = self.run_command('--output', 'report', '-c',
                                'import cMemLeak\ndef f(): cMemLeak.CMalloc(4321)\nf()')
        self.assertEqual((done.status, done.stderr), (0, ''))
        with open(self.path('report')) as file:
            report = traced.Report(file.read())
        self.assertIn(4321, report.sizes('f'))

    def test_what_is_recorded_by_probes(self):
        """After a return there is no line for the D script's probes, until the next call."""
        if sys.version_info[:2] > traced.LAST_PROBED or hasattr(sys, 'gettotalrefcount'):
            done = self.run_command('--attribution=probe', '-c', '')
            self.assertIn('pymemflow: cannot probe CPython ', done.stderr)
            return
        script = self.script('import cMemLeak\ndef callee():\n    cMemLeak.malloc(4321)\n'
                             'def f():\n    callee(); cMemLeak.malloc(4322)\nf()\n')
        for option, has_line in (('--attribution=frame', True), ('--attribution=probe', False),
                                 ('--compat=dtrace', False)):
            report = self.run_command(option, '--', sys.executable, script).stderr
            self.assertIn('-> callee malloc(4321) ', report)
            self.assertEqual('-> f malloc(4322) ' in report, has_line, option)
        report = self.run_command('--python-call-stack', '--', sys.executable, script).stderr
        self.assertRegex(report, r'(?m)script\.py:4 +CALL +-> f$')

    def test_options_of_the_environment(self):
        self.environment['PYMEMFLOW_SUMMARY'] = '1'
        self.environment['PYMEMFLOW_OUTPUT'] = self.path('o.%p')
        done = self.run_command('-c', '')
        self.assertEqual((done.status, done.stderr), (0, ''))
        name, = [name for name in os.listdir(self.folder) if name.startswith('o.')]
        with open(self.path(name)) as file:
            self.assertEqual(SUMMARY.findall(file.read()), [name[2:]])

    def test_capture_is_kept(self):
        done = self.run_command('--summary', '--capture=kept', '-c', '')
        self.assertEqual(done.status, 0)
        self.assertEqual(command.call('report', '--summary', self.path('kept')).stdout,
                         done.stderr)

    def test_preloads_of_the_user_stay(self):
        self.environment['LD_PRELOAD'] = os.environ['PMF_COUNTS_MALLOCS']
        done = self.run_command('--summary', '-c',
                                'import os; print(os.environ["LD_PRELOAD"])')
        self.assertEqual(done.stdout.splitlines()[0],
                         '%s:%s' % (traced.LIBRARY, os.environ['PMF_COUNTS_MALLOCS']))
        self.assertIn('alive at the end', done.stderr)

    def test_from_a_path_with_blanks(self):
        folder = self.path('a b:c$d')
        os.mkdir(folder)
        shutil.copy(command.COMMAND, folder)
        shutil.copy(traced.LIBRARY, folder)
        process = subprocess.Popen([os.path.join(folder, 'pymemflow'), 'run', '--summary', '-c', ''],
                                   env=self.environment, stderr=subprocess.PIPE)
        _, err = process.communicate()
        self.assertEqual(process.returncode, 0)
        self.assertEqual(len(SUMMARY.findall(err.decode())), 1, err)


class OtherLibrary(Case):
    """A program for musl: with our library in front of it, its loader would end it."""

    def check(self, *words):
        done = self.run_command(*words)
        self.assertEqual((done.status, done.stdout), (0, 'no Python\n'))
        self.assertRegex(done.stderr, r'^pymemflow: \S+ is for musl, and this library for glibc; '
                                      r'this program runs untraced\n$')

    def test_musl(self):
        program = os.environ.get('PMF_MUSL_PROGRAM')
        if not program:
            self.skipTest('no musl-gcc here')
        self.check(program)
        with open(self.path('script'), 'w') as file:
            file.write('#!%s some argument\n' % program)
        os.chmod(self.path('script'), 0o755)
        self.check(self.path('script'))
        done = command.call('gate', '--max-leak=1', program, env=self.environment)
        self.assertEqual((done.status, done.stdout), (2, 'no Python\n'))
        # It is as true as ever that it would.
        self.assertEqual(traced.Run([program]).status, 127)


class Ends(Case):
    def test_killed(self):
        done = self.run_command('--summary', '-c', 'import os; os.kill(os.getpid(), 9)')
        self.assertEqual(done.status, 128 + 9)
        self.assertEqual(len(SUMMARY.findall(done.stderr)), 1)
        self.assertIn('the program did not end by itself', done.stderr)

    def test_signals_are_handed_on(self):
        code = ('import signal, sys, time\n'
                'signal.signal(signal.%s, lambda *_: sys.exit(5))\n'
                'print("ready", flush=True)\ntime.sleep(60)')
        for name in ('SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1'):
            process = subprocess.Popen([command.COMMAND, 'run', '--summary', '-c', code % name],
                                       env=self.environment, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
            self.assertEqual(process.stdout.readline(), b'ready\n')
            process.send_signal(getattr(signal, name))
            _, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 5, name)
            self.assertEqual(len(SUMMARY.findall(err.decode())), 1)

    def test_ignored_stays_ignored(self):
        code = 'import signal; print(signal.getsignal(signal.SIGHUP) == signal.SIG_IGN)'
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            self.assertEqual(self.run_command('--summary', '-c', code).stdout, 'True\n')
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
            self.assertEqual((done.status, done.stdout), (2, ''), words)
            self.assertEqual(done.stderr.count('\n'), 1, done.stderr)
            self.assertIn(text, done.stderr)
        self.environment['PYMEMFLOW_NOSUCH'] = '1'
        done = self.run_command('-c', '')
        self.assertEqual((done.status, done.stderr.count('\n')), (2, 1), done.stderr)
        self.assertIn('PYMEMFLOW_NOSUCH', done.stderr)

    def test_no_python(self):
        done = self.run_command('sh', '-c', 'exit 6')
        self.assertEqual((done.status, done.stderr),
                         (6, 'pymemflow: no Python ran: there is nothing to report\n'))


class Children(Case):
    CODE = ('import os, subprocess, sys\n'
            'child = os.fork()\n'
            'if child == 0: os._exit(0)\n'
            'os.waitpid(child, 0)\n'
            'subprocess.check_call([sys.executable, "-c", ""])\n'
            'sys.stdout.flush()\n'
            'os.execv(sys.executable, [sys.executable, "-c", ""])\n')

    def test_fork_and_exec(self):
        done = self.run_command('--summary', '-c', self.CODE)
        self.assertEqual(done.status, 0)
        processes = SUMMARY.findall(done.stderr)
        self.assertEqual(len(processes), 4, done.stderr)
        self.assertEqual(len(set(processes)), 3)
        self.assertIn('\npymemflow: 4 processes\n', done.stderr)
        self.assertEqual(len(re.findall(r'(?m)^pymemflow: process \d+: .* alive at the end, ',
                                        done.stderr)), 4)

    def test_a_report_each(self):
        done = self.run_command('--output=o', '-c', self.CODE)
        names = [name for name in os.listdir(self.folder) if name.startswith('o')]
        self.assertEqual(len(names), 4, names)
        self.assertIn('o', names)
        pids = re.findall(r'process (\d+):', done.stderr)
        self.assertEqual(sorted(set(names)),
                         sorted(['o', 'o.2'] + ['o.' + pid for pid in set(pids[1:]) - {pids[0]}]))

    def test_no_children(self):
        done = self.run_command('--summary', '--no-children', '-c', self.CODE)
        self.assertEqual(len(set(SUMMARY.findall(done.stderr))), 1, done.stderr)


if __name__ == '__main__':
    traced.require_known()
    command.main()
