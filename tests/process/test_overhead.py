"""pymemflow overhead: a program is measured bare, under each mode of recording, and under other tools."""
import json
import os
import pty
import re
import signal
import stat
import subprocess

import pytest

import cases
import runs

pytestmark = [pytest.mark.one_python, pytest.mark.known_python]
NOISE = 'the difference is within the noise'
MODES = ['record', 'report', 'sums', 'ring']


class Case(cases.Case):
    def overhead(self, *words, **options):
        """One round without other tools, unless the words say otherwise."""
        return self.cli('overhead', '--rounds', '1', *words, **options)

    def measure(self, *words, **options):
        done = self.overhead('--json', *words, **options)
        assert done.status == 0, done
        found = json.loads(done.stdout)
        return found, {row['name']: row for row in found['rows']}

    def script(self, text):
        return self.write('script.py', text)

    def tool(self, name, text):
        path = self.write(name, '#!/bin/sh\n' + text)
        os.chmod(path, stat.S_IRWXU)
        return dict(self.environment, PATH=self.folder + ':' + self.environment['PATH'])


class TestRows(Case):
    def test_json(self):
        script = self.script('for _ in range(100000): bytes(1000)\n')
        found, rows = self.measure('--tools', 'tracemalloc', '--', self.python.path, script)
        assert list(rows) == ['bare'] + MODES + ['tracemalloc', 'bare again']
        assert (found['program_exit'], found['processes'], found['rounds']) == (0, 1, 1)
        assert 200000 <= found['events'] < 220000
        assert found['program'] == [self.python.path, script]
        assert (found['left_out'], found['failed']) == ([], [])
        for row in rows.values():
            assert 0 < row['processor_s'] and 0 < row['time_s']
            assert 2e6 < row['peak_rss_bytes'] < 1e9
            assert len(row['time_s_of_rounds']) == 1
            ratio = row['processor_ratio']
            assert ratio['low'] <= ratio['median'] <= ratio['high']
            bare = rows['bare']['processor_s']
            assert ratio['median'] == pytest.approx(row['processor_s'] / bare)
        # 8 to 16 bytes per event, and a flow line each in the report.
        assert 1e6 < rows['record']['record_bytes'] < 4e6 < rows['report']['record_bytes']
        assert rows['sums']['record_bytes'] < 1e6
        assert [row['record_bytes'] for row in (rows['bare'], rows['bare again'])] == [0, 0]

    def test_each_mode_with_each_stack(self):
        script = self.script('def deep(n):\n    return deep(n - 1) if n else bytes(1000)\n'
                             'for _ in range(100000): deep(5)\n')
        found, rows = self.measure('--tools', 'none', '--modes', 'record,sums', '--stack', 'top,python,top', '--',
                                   self.python.path, script)
        assert list(rows) == ['bare', 'record, stack=top', 'record, stack=python', 'sums, stack=top',
                              'sums, stack=python', 'bare again']
        assert [row.get('stack') for row in found['rows']] == [None, 'top', 'python', 'top', 'python', None]
        # Sums of stacks have a row for each stack, so that their record tells which stacks were recorded.
        assert rows['sums, stack=top']['record_bytes'] < rows['sums, stack=python']['record_bytes']

    def test_a_stack_that_does_not_exist(self):
        done = self.overhead('--stack', 'top,whole', '--', self.python.path, '-c', '')
        assert done.status == 2
        assert "--stack: 'whole'" in done.stderr, done

    def test_table(self):
        done = self.overhead('--tools', 'none', '--modes', 'sums,record', '--', self.python.path, '-c', '')
        assert (done.status, done.stderr) == (0, '')
        lines = done.stdout.splitlines()
        assert re.match(r'\S+ -c \'\': 1 round, \d+ events in 1 process$', lines[0]), lines
        assert lines[2].split() == ('processor time ratio (spread) time ratio (spread) per event '
                                    'peak memory record').split()
        assert [line.split('  ')[0] for line in lines[3:7]] == ['bare', 'record', 'sums', 'bare again']
        assert re.search(r'record +0\.\d+ s +x\d\.\d\d \(\d\.\d\d to \d\.\d\d\) ', lines[4]), lines
        assert lines[8].startswith('noise: x')
        assert 'fewer than 5 rounds' in lines[9]

    def test_noise_is_said(self):
        # The processor time of a program that sleeps is that of a start; its time does not change at all.
        script = self.script('import time; time.sleep(0.4)\n')
        words = ('--tools', 'none', '--modes', 'sums', '--json', '--', self.python.path, script)
        found = json.loads(self.cli('overhead', '--rounds', '5', *words).stdout)
        row = found['rows'][1]
        assert row['name'] == 'sums'
        assert row['time_ratio']['median'] < 2
        noise = row['time_ratio']['within_noise']
        assert noise == (row['time_ratio']['low'] <= 1 <= row['time_ratio']['high'] or
                         max(row['time_ratio']['median'], 1 / row['time_ratio']['median'])
                         <= found['time_noise'])

    def test_the_words(self):
        # A "tool" that only runs the program: more bare runs, of which one is faster than the first.
        environment = self.tool('heaptrack', '[ "$1" = --version ] && echo heaptrack 0 && exit\n'
                                             'echo 0 >"$3.zst"; shift 3; PMF_FAST=1 exec "$@"\n')
        script = self.script('import os\nif "PMF_FAST" not in os.environ:\n'
                             '    for _ in range(3000000): pass\n')
        done = self.overhead('--modes', 'none', '--tools', 'heaptrack', '--', self.python.path, script,
                             env=environment)
        row = next(line for line in done.stdout.splitlines() if line.startswith('heaptrack 0'))
        assert row.endswith('  ' + NOISE), done
        assert re.search(r'x0\.\d\d', row), row

    def test_children(self):
        script = self.script('import subprocess, sys\n'
                             'code = "x = 8000000 * [0]\\nfor _ in range(2000000): pass"\n'
                             'for _ in range(2): subprocess.check_call([sys.executable, "-c", code])\n')
        found, rows = self.measure('--modes', 'sums', '--tools', 'none', '--', self.python.path, script)
        alone, _ = self.measure('--modes', 'sums', '--tools', 'none', '--', self.python.path, '-c',
                                'x = 8000000 * [0]\nfor _ in range(2000000): pass')
        assert found['processes'] == 3
        bare = rows['bare']
        assert bare['processor_s'] > 1.5 * alone['rows'][0]['processor_s']
        # The largest process, not the sum.
        assert 64e6 < bare['peak_rss_bytes'] < 110e6

    def test_other_library(self):
        library = os.path.join(self.folder, 'other build', 'lib%p.so')
        os.mkdir(os.path.dirname(library))
        os.symlink(self.build.library, library)
        _, rows = self.measure('--modes', 'sums', '--tools', 'none', '--beside', library, '--beside', library,
                               '--', self.python.path, '-c', '')
        assert list(rows) == ['bare', 'sums', 'beside 1: sums', 'beside 2: sums', 'bare again']
        assert rows['beside 2: sums']['record_bytes'] == rows['sums']['record_bytes'] > 0
        done = self.overhead('--beside', self.path('missing.so'), '--', self.python.path, '-c', '')
        runs.check_error(done, 'missing.so', 'No such file')

    def test_no_python(self):
        found, rows = self.measure('--modes', 'record', '--tools', 'none', '--', '/bin/true')
        assert (found['events'], found['processes']) == (0, 0)
        assert rows['record']['record_bytes'] == 0
        assert 'no Python ran' in self.overhead('--modes', 'record', '--tools', 'none', '/bin/true').stdout


class TestInput(Case):
    TEXT = 'import sys\nassert sys.stdin.read() == "one\\ntwo\\n"\n'

    def test_each_run_gets_all_of_it(self):
        done = subprocess.run([self.build.command, 'overhead', '--rounds', '2', '--tools', 'tracemalloc', '--json',
                               '--', self.python.path, self.script(self.TEXT)], input=b'one\ntwo\n',
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment, check=False)
        assert (done.returncode, done.stderr) == (0, b'')
        assert len(json.loads(done.stdout)['rows']) == len(MODES) + 3

    def test_of_a_file(self):
        with open(self.write('input', 'zero\none\ntwo\n'), encoding='utf-8') as file:
            os.lseek(file.fileno(), 5, os.SEEK_SET)
            done = subprocess.run([self.build.command, 'overhead', '--rounds', '1', '--modes', 'sums',
                                   '--tools', 'none', '--', self.python.path, self.script(self.TEXT)],
                                  stdin=file, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  env=self.environment, check=False)
        assert (done.returncode, done.stderr) == (0, b'')

    def test_that_does_not_end_is_named(self):
        read, write = os.pipe()
        child = subprocess.Popen([self.build.command, 'overhead', '--rounds', '1', '--modes', 'sums',
                                  '--tools', 'none', '--', self.python.path, '-c', ''],
                                 stdin=read, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 env=self.environment)
        os.close(read)
        assert b'reading standard input' in child.stderr.readline()
        os.close(write)
        assert b'bare again' in child.communicate()[0]
        assert child.returncode == 0


class TestFailures(Case):
    def test_stops_with_the_code_of_the_program(self):
        done = self.overhead('--', self.python.path, '-c', 'import sys; sys.exit("so\\x1b bad")',
                             )
        assert (done.status, done.stdout) == (1, '')
        assert 'so\\x1b bad' in done.stderr
        assert 'the program ended with exit code 1: nothing is compared' in done.stderr

    def test_signal(self):
        done = self.overhead('--', self.python.path, '-c', 'import os; os.kill(os.getpid(), 9)')
        assert done.status == 137

    def test_may_be_ignored(self):
        words = ('--ignore-failure', '--modes', 'record', '--tools', 'none', '--', self.python.path, '-c',
                 'raise SystemExit(3)')
        found, rows = self.measure(*words)
        assert (found['program_exit'], list(rows)) == (3, ['bare', 'record', 'bare again'])
        assert 'the program ended with exit code 3' in self.overhead(*words).stdout

    def test_changes_its_code(self):
        script = self.script('import os, sys\nn = len(os.listdir(sys.argv[1]))\n'
                             'open(os.path.join(sys.argv[1], str(n)), "w")\nsys.exit(n > 0 and 4)\n')
        os.mkdir(self.path('runs'))
        done = self.overhead('--modes', 'none', '--tools', 'tracemalloc', '--', self.python.path, script,
                             self.path('runs'))
        assert done.status == 4

    def test_only_under_a_tool(self):
        environment = self.tool('heaptrack', '[ "$1" = --version ] && echo heaptrack 7 && exit\nexit 5\n')
        found, rows = self.measure('--modes', 'sums', '--tools', 'heaptrack', '--', self.python.path, '-c', '',
                                   env=environment)
        assert list(rows) == ['bare', 'sums', 'bare again']
        reason = 'the program ended with exit code 5, and with 0 when it ran bare'
        assert found['failed'] == [{'name': 'heaptrack', 'exit': 5, 'reason': reason}]

    def test_only_while_recording(self):
        code = 'import os; os._exit(6 if "pymemflow" in os.environ.get("LD_PRELOAD", "") else 0)'
        done = self.overhead('--modes', 'sums', '--tools', 'none', '--', self.python.path, '-c', code)
        assert done.status == 2
        assert 'sums is left out: the program ended with exit code 6' in done.stdout
        assert 'does not end in each mode' in done.stderr

    def test_missing_program(self):
        runs.check_error(self.overhead('--tools', 'none', '--', self.path('none')), 'none: No such file')
        runs.check_error(self.overhead(), 'a program is missing')

    @pytest.mark.parametrize('words, text', [
        (('--rounds', '0'), '--rounds=0 is not from 1 to 1000'),
        (('--rounds', '1001'), '--rounds=1001 is not from 1 to 1000'),
        (('--tools', 'memry'), "'memry' is not one of memray|heaptrack|tracemalloc (did you mean 'memray'?)"),
        (('--modes', 'heaptrack'), "'heaptrack' is not one of record|report|sums|ring"),
        (('--modes', 'none', '--tools', 'none'), 'nothing to measure'),
    ])
    def test_wrong_words(self, words, text):
        runs.check_error(self.cli('overhead', *words, '--', 'true'), text)

    def test_missing_tools_are_one_line(self):
        environment = dict(self.environment, PATH=self.folder)
        done = self.overhead('--modes', 'sums', '--', self.python.path, '-I', '-S', '-c', '', env=environment)
        assert done.status == 0
        assert done.stderr == 'pymemflow: left out: memray (not installed), heaptrack (not installed)\n'
        done = self.overhead('--modes', 'sums', '--tools', 'memray', '--', '/bin/true')
        assert done.stderr == 'pymemflow: left out: memray (the program is not started by a Python)\n'

    def test_interrupt(self):
        os.mkfifo(self.path('fifo'))
        script = self.script('import time; open(%r, "w").close(); time.sleep(60)\n' % self.path('fifo'))
        child = subprocess.Popen([self.build.command, 'overhead', '--ignore-failure', '--', self.python.path,
                                  script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, env=dict(self.environment, TMPDIR=self.folder))
        with open(self.path('fifo'), encoding='utf-8') as started:
            assert started.read() == ''
        child.send_signal(signal.SIGTERM)
        assert b'interrupted: nothing is compared' in child.communicate(timeout=30)[1]
        assert child.returncode == 128 + signal.SIGTERM
        assert sorted(os.listdir(self.folder)) == ['fifo', 'script.py']


class TestTerminal(Case):
    def test_progress(self):
        ours, theirs = pty.openpty()
        done = subprocess.run([self.build.command, 'overhead', '--rounds', '2', '--modes', 'sums', '--tools',
                               'none', '--', self.python.path, '-c', ''], stdin=theirs,
                              stdout=subprocess.DEVNULL, stderr=theirs, env=self.environment, check=False)
        os.close(theirs)
        shown = os.read(ours, 1 << 16).decode()
        assert done.returncode == 0
        assert 'first round: bare' in shown
        assert re.search(r'\[#+\.+\] +\d+ % round 2 of 2: sums', shown), shown
        assert shown.endswith('\r\x1b[K')
