"""PYMEMFLOW_COMPAT prints the D script's bytes and nothing else; the default escapes and adds."""
import email
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import traced

traced.require_probes()

# pymemtrace's own rules, from what its dtrace_log_analyse.py reads (docs/dtrace.md).
MALLOC = re.compile(r'^\s+(\d+)\s+([^:]+):(\d+)\s+->\s+(\S.*\S)?\s+malloc\((\d+)\)\s+pntr\s+(0x[0-9a-f]+)$')
FREE = re.compile(r'^\s+(\d+)\s+([^:]+)?:(\d+)\s+->\s+(\S.*\S)?\s+free\((0x[0-9a-f]+)\)$')
# Those of functions with a name of one letter, which it falls back on.
POORER = re.compile(r'^.+(malloc\(\d+\)\s+pntr\s+|free\()(0x[0-9a-f]+)\)?$')
END = '\ndtrace:::END\n'


class Case(unittest.TestCase):
    maxDiff = None

    def text(self, compat, *arguments, **options):
        """The report. In compat mode it has no last line of its own."""
        command = [sys.executable] + list(arguments or [os.path.join(traced.VICTIMS, 'compat.py')])
        run = traced.Run(command, output='compat', PYMEMFLOW_COMPAT=compat, **options)
        self.assertEqual((run.status, run.stderr), (0, ''))
        return run.texts['compat']

    def flow(self, text, file):
        """The calls of a file's lines, without addresses."""
        return [re.sub('0x[1-9a-f][0-9a-f]*', '#', call) for call in
                re.findall(r'^ *\d+ +%s:\d+ +-> <module> (.*)$' % re.escape(file), text, re.M)]


class Bytes(Case):
    def test_frame_of_the_report(self):
        text = self.text('dtrace')
        self.assertTrue(text.startswith('dtrace:::BEGIN\n'))
        self.assertEqual(re.findall('^Python .*:$', text[text.index(END):], re.M), [
            'Python %s byte distributions by %s:' % (name, key) for name in ('malloc', 'calloc')
            for key in ('engine caller', 'Python file and function')])
        self.assertTrue(text.endswith('\n\n'))
        self.assertNotIn('pymemflow', text)

    def test_the_older_script(self):
        text = self.text('dtrace-2020')
        self.assertEqual(re.findall('^Python .*:$', text[text.index(END):], re.M), [
            'Python malloc byte distributions by %s:' % key
            for key in ('engine caller', 'Python file and function')])
        self.assertNotIn(' calloc(', text)
        self.assertIn(' free(', text)

    def test_functions(self):
        """realloc() is malloc() to a probe where it has no old block, and nothing where it has one."""
        self.assertEqual(self.flow(self.text('dtrace'), 'calls.py'), [
            'malloc(3100) pntr #', 'free(#)', 'free(0x0)', 'malloc(-1) pntr 0x0',
            'calloc(3, 1030) pntr #', 'malloc(70368744177664) pntr 0x0'])
        self.assertEqual(self.flow(self.text('none'), 'calls.py')[:3], [
            'realloc(0x0, 3100) pntr #', 'realloc(#, 3101) pntr #', 'free(#)'])

    def test_sums_wrap(self):
        record, = re.findall(r'^   calls.py, <module>, bytes total = (-?\d+) $',
                             self.text('dtrace').partition('Python calloc')[0], re.M)
        self.assertEqual(int(record), 3100 - 1 + (1 << 46))

    def test_names(self):
        text = self.text('dtrace')
        self.assertIn(' two\nlines.py:1    -> <module> malloc(3000) pntr ', text)
        self.assertIn(' %s:1    -> <module> malloc(3001) ' % ('e' * 247), text)
        # In the middle of a character.
        self.assertIn(' xx%s\udcc3:1    -> <module> malloc(3002) ' % ('\xe9' * 122), text)
        self.assertIn('               .:1    -> <module> malloc(3003) ', text)
        self.assertIn('name.py:2    -> %s malloc(3004) ' % ('f' * 255), text)

    def test_names_of_the_default(self):
        text = self.text('none')
        self.assertIn(' two\\nlines.py:1    -> <module> malloc(3000) pntr ', text)
        self.assertIn(' %s.py:1    -> <module> malloc(3001) ' % ('e' * 300), text)
        self.assertIn('name.py:2    -> %s malloc(3004) ' % ('f' * 300), text)

    def test_no_such_script(self):
        run = traced.run('records.py', PYMEMFLOW_COMPAT='dtrace-2019')
        self.assertEqual(run.status, 4)
        self.assertEqual(run.stderr, 'pymemflow: PYMEMFLOW_COMPAT=dtrace-2019 is none of '
                                     'none|dtrace|dtrace-2020; this program runs untraced\n')

    def test_losses_are_said_elsewhere(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(os.rmdir, folder)
        done = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'none', folder],
                              stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            self.skipTest('may not mount a file system: %s' % done.stderr.decode().strip())
        self.addCleanup(subprocess.call, ['umount', folder])
        run = traced.run('records_much.py', output='compat', TMPDIR=folder, PYMEMFLOW_COMPAT='dtrace')
        self.assertRegex(run.stderr, r'\npymemflow: \d+ events recorded, [1-9]\d* lost\n\Z')
        self.assertTrue(run.texts['compat'].endswith('\n\n'))


class CallStack(Case):
    def lines(self, **options):
        source = ('def inner():\n    pass\ndef outer():\n    inner()\n    yield 1\n'
                  'for item in outer(): inner()\n')
        with tempfile.NamedTemporaryFile('w', suffix='.py') as file:
            file.write(source)
            file.flush()
            text = self.text('dtrace', '-S', file.name, PYMEMFLOW_PYTHON_CALL_STACK='1', **options)
            path = file.name if 'PYMEMFLOW_FULL_FILE_PATH' in options else os.path.basename(file.name)
        self.assertTrue(text.startswith(
            'dtrace:::BEGIN\nC    PID  DELTA(us)              FILE:LINE TYPE     -- FUNC\n'), text[:200])
        # Of the program alone, with the indentation counted from its module.
        lines = re.findall(r'^ *\d+ +%s:(\d+) +(CALL|RTN ) ( *)(.*)$' % re.escape(path), text, re.M)
        depth = len(lines[0][2])
        return [(int(number), kind, (len(indent) - depth) // 2, name)
                for number, kind, indent, name in lines]

    def test_lines(self):
        calls = self.lines()
        first = 0 if sys.version_info >= (3, 11) else 1
        self.assertIn(calls[0][0], (0, 1))
        self.assertEqual(calls[1:-1], [
            (3, 'CALL', 1, '-> outer'), (1, 'CALL', 2, '-> inner'), (2, 'RTN ', 2, '<- inner'),
            (5, 'RTN ', 1, '<- outer'), (1, 'CALL', 1, '-> inner'), (2, 'RTN ', 1, '<- inner'),
            (5, 'CALL', 1, '-> outer'), (5, 'RTN ', 1, '<- outer')], first)
        self.assertEqual((calls[0][1], calls[-1][1:]), ('CALL', ('RTN ', 0, '<- <module>')))

    def test_full_path(self):
        self.assertEqual(self.lines(PYMEMFLOW_FULL_FILE_PATH='1'), self.lines())

    def test_by_frame(self):
        """The calls come with either attribution."""
        run = traced.run('probed.py', 'one_line', output='stack', PYMEMFLOW_PYTHON_CALL_STACK='1')
        text = run.texts['stack']
        flow = re.findall(r'(?:CALL +-> |RTN +<- |-> )(\w+)(?: (malloc\(100\d\)))?', text)
        self.assertEqual(flow[flow.index(('one_line', 'malloc(1001)')):][:5], [
            ('one_line', 'malloc(1001)'), ('callee', ''), ('callee', 'malloc(1002)'), ('callee', ''),
            ('one_line', 'malloc(1003)')])
        # A call is no event.
        plain = traced.run('probed.py', 'one_line').report.recorded
        events = int(re.search(r'^pymemflow: (\d+) events recorded, 0 lost$', text, re.M).group(1))
        self.assertLess(events - plain, len(re.findall('CALL +->', text)) / 2)


class Start(Case):
    def test_nothing_before_and_nothing_after(self):
        source = ('import ctypes, cMemLeak\n'
                  'def f(n): cMemLeak.malloc(n)\n'
                  'tool = ctypes.CDLL(None)\n'
                  'f(4000); print(tool.pymemflow_start())\n'
                  'f(4001); print(tool.pymemflow_stop())\n'
                  'f(4002); print(tool.pymemflow_start())\n'
                  'f(4003)\n')
        run = traced.Run([sys.executable, '-c', source], PYMEMFLOW_START='manual')
        self.assertEqual(run.stdout.split(), ['0', '0', '0'], run.stderr)
        self.assertEqual(run.report.sizes('f'), [4001, 4003])

    def test_never(self):
        run = traced.run('records.py', PYMEMFLOW_START='manual')
        self.assertEqual((run.status, run.stderr, run.files), (4, '', []))


class Log(Case):
    def test_pymemtrace_reads_it(self):
        """Every line of a large program's log, by the rules of the program that reads such logs."""
        with tempfile.TemporaryDirectory() as folder:
            package = os.path.join(folder, 'package')
            shutil.copytree(os.path.dirname(os.path.abspath(email.__file__)), package)
            text = self.text('dtrace', '-m', 'compileall', '-q', '-f', package)
        lines = [line for line in text[:text.index(END)].split('\n')[1:] if line and ' calloc(' not in line]
        self.assertGreater(len(lines), 1000)
        # The process id has leading blanks up to five digits.
        failed = [line for line in lines
                  if not any(rule.match(' ' + line) for rule in (MALLOC, FREE, POORER))]
        self.assertEqual(failed, [])


if __name__ == '__main__':
    unittest.main()
