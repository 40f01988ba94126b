"""The manual page, the colours on a terminal, and the shell completions."""
import os
import pty
import re
import subprocess

import pytest

import cases

pytestmark = pytest.mark.one_python
LEAK = 'import _leaky\ndef leak():\n    for _ in range(10): _leaky.leaking(1000)\nleak()\n'
COMMANDS = ('run', 'report', 'gate', 'diff', 'info', 'manual', 'completion')


class Case(cases.Case):
    def output(self, *words):
        done = self.cli(*words)
        assert (done.status, done.stderr) == (0, ''), done
        return done.stdout


class TestManual(Case):
    def test_lists_what_the_help_lists(self):
        text = self.output('manual').replace('\\-', '-')
        for command in COMMANDS:
            assert '\n.SS %s\n' % command in text
            for option in re.findall(r'(?m)^  (?:-[^h],)?(--[a-z-]+)', self.output(command, '--help')):
                assert '\\fB%s\\fR' % option in text
        assert '\\fBPYMEMFLOW_CAPTURE_LIMIT\\fR' in text

    @pytest.mark.needs('mandoc')
    def test_is_well_formed(self):
        process = subprocess.Popen(['mandoc', '-T', 'lint', '-W', 'warning'], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, _ = process.communicate(self.output('manual').encode())
        faults = [line for line in said.decode().splitlines() if 'missing date' not in line]
        assert faults == []


class TestLetters(Case):
    """-o is --output: with its value as a word of its own, or right behind it."""

    PROGRAM = 'import sys; print(sys.argv[1:])'

    def test_before_a_program(self):
        for words in (['-o', self.path('report')], ['-o' + self.path('report')]):
            done = self.cli('run', *words, '--', self.python.path, '-c', self.PROGRAM, '-o', 'x')
            assert (done.status, done.stdout, done.stderr) == (0, "['-o', 'x']\n", '')
            assert ' events recorded, 0 lost' in self.read('report')
            os.remove(self.path('report'))

    def test_after_an_operand(self):
        self.cli('run', '--capture', self.path('c'), self.python.path, '-c', 'pass')
        self.output('report', self.path('c'), '-o', self.path('report'))
        assert ' events recorded, 0 lost' in self.read('report')

    def test_without_its_value(self):
        done = self.cli('report', self.path('c'), '-o')
        assert done.status == 2 and '--output needs a value' in done.stderr, done

    def test_the_help_the_manual_and_the_completions_have_it(self):
        assert '  -o,--output FILE' in self.output('report', '--help')
        assert '\\fB\\-o\\fR, \\fB\\-\\-output\\fR' in self.output('manual')
        assert " '-o+[" in self.output('completion', 'zsh')
        assert ' -l output -s o ' in self.output('completion', 'fish')
        assert ' -o --output ' in self.output('completion', 'bash')


class TestColours(Case):
    def gate(self, **environment):
        """The text that a terminal shows for a leak."""
        environment = dict(self.environment, **environment)
        environment.setdefault('TERM', 'xterm')
        ours, theirs = pty.openpty()
        process = subprocess.Popen([self.cli.path, 'gate', '--max-leak=4KiB', '--',
                                    self.python.path, '-c', LEAK], stderr=theirs, env=environment)
        os.close(theirs)
        text = b''
        try:
            while True:
                text += os.read(ours, 4096)
        except OSError:  # the other end is closed
            os.close(ours)
        assert process.wait() == 1, text
        return text.decode()

    def test_on_a_terminal_alone(self):
        text = self.gate(NO_COLOR='')
        assert 'pymemflow: \033[1;31mFAILED\033[0m: ' in text
        assert '  \033[1;31mleaks 10000 bytes' in text
        for environment in (dict(NO_COLOR='1'), dict(TERM='dumb')):
            assert '\033[1' not in self.gate(**environment)
        done = self.cli('gate', '--max-leak=4KiB', '--', self.python.path, '-c', LEAK,
                        env=dict(self.environment, TERM='xterm'))
        assert 'FAILED: ' in done.stderr
        assert '\033' not in done.stderr


class TestCompletion(Case):
    def bash(self, *words):
        """The completions of the last word."""
        script = '%s\ncompopt() { :; }\nCOMP_WORDS=(pymemflow "$@") COMP_CWORD=$#\n_pymemflow\n' \
                 'printf "%%s\\n" "${COMPREPLY[@]}"\n' % self.output('completion', 'bash')
        done = subprocess.check_output(('bash', '-c', script, 'bash') + words)
        return done.decode().split()

    def test_in_bash(self):
        assert self.bash('ga') == ['gate']
        assert set(COMMANDS) <= set(self.bash(''))
        assert self.bash('gate', '--max-leak') == ['--max-leak', '--max-leak-per-site']
        assert self.bash('report', '--compat', '=') == ['none', 'dtrace', 'dtrace-2020']
        assert self.bash('run', '--attribution', 'p') == ['probe']
        file = self.write('a.capture', '')
        assert self.bash('report', file[:-5]) == [file]

    @pytest.mark.parametrize('shell', [
        pytest.param(name, marks=pytest.mark.needs(name)) for name in ('bash', 'zsh', 'fish')])
    def test_shell_can_read_its_own(self, shell):
        process = subprocess.Popen([shell, '-n'], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        _, err = process.communicate(self.output('completion', shell).encode())
        assert (process.returncode, err) == (0, b'')

    @pytest.mark.needs('fish')
    def test_in_fish(self):
        text = self.output('completion', 'fish') + '\ncomplete -C "pymemflow gate --max-l"\n'
        done = subprocess.check_output(['fish', '--no-config', '-c', text]).decode()
        assert [line.split()[0] for line in done.splitlines()] == ['--max-leak', '--max-leak-per-site']

    def test_of_no_shell(self):
        done = self.cli('completion', 'csh')
        assert (done.status, done.stdout) == (2, '')
        assert "'csh' is not one of bash, zsh, fish" in done.stderr
