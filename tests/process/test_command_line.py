"""What describes the command line: the manual page, and the completions of shells."""
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import command
import traced

LEAK = 'import _leaky\ndef leak():\n    for _ in range(10): _leaky.leaking(1000)\nleak()\n'
VERBS = ('run', 'report', 'gate', 'diff', 'info', 'manual', 'completion')


def output(*words):
    done = command.call(*words)
    assert (done.status, done.stderr) == (0, ''), done
    return done.stdout


class Manual(unittest.TestCase):
    def test_lists_what_the_help_lists(self):
        text = output('manual').replace('\\-', '-')
        for verb in VERBS:
            self.assertIn('\n.SS %s\n' % verb, text)
            for option in re.findall(r'(?m)^  (--[a-z-]+)', output(verb, '--help')):
                self.assertIn('\\fB%s\\fR' % option, text)
        self.assertIn('\\fBPYMEMFLOW_CAPTURE_LIMIT\\fR', text)

    @unittest.skipUnless(shutil.which('mandoc'), 'mandoc is missing')
    def test_is_well_formed(self):
        process = subprocess.Popen(['mandoc', '-T', 'lint', '-W', 'warning'], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, _ = process.communicate(output('manual').encode())
        faults = [line for line in said.decode().splitlines() if 'missing date' not in line]
        self.assertEqual(faults, [])


class Colours(unittest.TestCase):
    def gate(self, **environment):
        """What a terminal is told of a leak."""
        environment = dict(os.environ, PYTHONPATH=traced.EXAMPLES, **environment)
        environment.setdefault('TERM', 'xterm')
        ours, theirs = pty.openpty()
        process = subprocess.Popen([command.COMMAND, 'gate', '--max-leak=4KiB', '--',
                                    sys.executable, '-c', LEAK], stderr=theirs, env=environment)
        os.close(theirs)
        text = b''
        try:
            while True:
                text += os.read(ours, 4096)
        except OSError:  # the other end is closed
            os.close(ours)
        self.assertEqual(process.wait(), 1, text)
        return text.decode()

    def test_on_a_terminal_alone(self):
        text = self.gate(NO_COLOR='')
        self.assertIn('pymemflow: \033[1;31mFAILED\033[0m: ', text)
        self.assertIn('  \033[1;31mleaks 10000 bytes', text)
        for environment in (dict(NO_COLOR='1'), dict(TERM='dumb')):
            self.assertNotIn('\033[1', self.gate(**environment))
        done = command.call('gate', '--max-leak=4KiB', '--', sys.executable, '-c', LEAK,
                            env=dict(os.environ, PYTHONPATH=traced.EXAMPLES, TERM='xterm'))
        self.assertIn('FAILED: ', done.stderr)
        self.assertNotIn('\033', done.stderr)


class Completion(unittest.TestCase):
    def bash(self, *words):
        """What the last word is completed to."""
        script = '%s\ncompopt() { :; }\nCOMP_WORDS=(pymemflow "$@") COMP_CWORD=$#\n_pymemflow\n' \
                 'printf "%%s\\n" "${COMPREPLY[@]}"\n' % output('completion', 'bash')
        done = subprocess.check_output(('bash', '-c', script, 'bash') + words)
        return done.decode().split()

    def test_in_bash(self):
        self.assertEqual(self.bash('ga'), ['gate'])
        self.assertTrue(set(VERBS) <= set(self.bash('')))
        self.assertEqual(self.bash('gate', '--max-leak'), ['--max-leak', '--max-leak-per-site'])
        self.assertEqual(self.bash('report', '--compat', '='), ['none', 'dtrace', 'dtrace-2020'])
        self.assertEqual(self.bash('run', '--attribution', 'p'), ['probe'])
        with tempfile.NamedTemporaryFile(suffix='.capture') as file:
            self.assertEqual(self.bash('report', file.name[:-5]), [file.name])

    def test_other_shells_can_read_theirs(self):
        for shell in ('bash', 'zsh', 'fish'):
            if not shutil.which(shell):
                self.skipTest('%s is missing' % shell)
            process = subprocess.Popen([shell, '-n'], stdin=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
            _, err = process.communicate(output('completion', shell).encode())
            self.assertEqual((process.returncode, err), (0, b''), shell)

    def test_in_fish(self):
        if not shutil.which('fish'):
            self.skipTest('fish is missing')
        text = output('completion', 'fish') + '\ncomplete -C "pymemflow gate --max-l"\n'
        done = subprocess.check_output(['fish', '--no-config', '-c', text]).decode()
        self.assertEqual([line.split()[0] for line in done.splitlines()],
                         ['--max-leak', '--max-leak-per-site'])

    def test_of_no_shell(self):
        done = command.call('completion', 'csh')
        self.assertEqual((done.status, done.stdout), (2, ''))
        self.assertIn("'csh' is none of bash, zsh, fish", done.stderr)


if __name__ == '__main__':
    command.main()
