"""PYMEMFLOW_COMPAT prints the D script's bytes and nothing else; the default escapes and adds."""
import os
import re
import shutil

import pytest

import built
import cases

pytestmark = [pytest.mark.stable_abi, pytest.mark.probed_python]
# pymemtrace's own rules, from what its dtrace_log_analyse.py reads (docs/dtrace.md).
MALLOC = re.compile(r'^\s+(\d+)\s+([^:]+):(\d+)\s+->\s+(\S.*\S)?\s+malloc\((\d+)\)\s+pntr\s+(0x[0-9a-f]+)$')
FREE = re.compile(r'^\s+(\d+)\s+([^:]+)?:(\d+)\s+->\s+(\S.*\S)?\s+free\((0x[0-9a-f]+)\)$')
# Those of functions with a name of one letter, which it falls back on.
POORER = re.compile(r'^.+(malloc\(\d+\)\s+pntr\s+|free\()(0x[0-9a-f]+)\)?$')
END = '\ndtrace:::END\n'


class Case(cases.Case):
    def text(self, compat, *arguments, **options):
        """The report. In compat mode it has no last line of its own."""
        command = [self.python.path] + list(arguments or [built.victim('compat.py')])
        run = self.trace.program(command, output='compat', PYMEMFLOW_COMPAT=compat, **options)
        assert (run.status, run.stderr) == (0, '')
        return run.texts['compat']

    def flow(self, text, file):
        """The calls of a file's lines, without addresses."""
        return [re.sub('0x[1-9a-f][0-9a-f]*', '#', call) for call in
                re.findall(r'^ *\d+ +%s:\d+ +-> <module> (.*)$' % re.escape(file), text, re.M)]


class TestBytes(Case):
    def test_frame_of_the_report(self):
        text = self.text('dtrace')
        assert text.startswith('dtrace:::BEGIN\n')
        assert re.findall('^Python .*:$', text[text.index(END):], re.M) == [
            'Python %s byte distributions by %s:' % (name, key) for name in ('malloc', 'calloc')
            for key in ('engine caller', 'Python file and function')]
        assert text.endswith('\n\n')
        assert 'pymemflow' not in text

    def test_the_older_script(self):
        text = self.text('dtrace-2020')
        assert re.findall('^Python .*:$', text[text.index(END):], re.M) == [
            'Python malloc byte distributions by %s:' % key
            for key in ('engine caller', 'Python file and function')]
        assert ' calloc(' not in text
        assert ' free(' in text

    def test_functions(self):
        """realloc() is malloc() to a probe where it has no old block, and nothing where it has one."""
        assert self.flow(self.text('dtrace'), 'calls.py') == [
            'malloc(3100) pntr #', 'free(#)', 'free(0x0)', 'malloc(-1) pntr 0x0',
            'calloc(3, 1030) pntr #', 'malloc(70368744177664) pntr 0x0']
        assert self.flow(self.text('none'), 'calls.py')[:3] == [
            'realloc(0x0, 3100) pntr #', 'realloc(#, 3101) pntr #', 'free(#)']

    def test_sums_wrap(self):
        record, = re.findall(r'^   calls.py, <module>, bytes total = (-?\d+) $',
                             self.text('dtrace').partition('Python calloc')[0], re.M)
        assert int(record) == 3100 - 1 + (1 << 46)

    def test_names(self):
        text = self.text('dtrace')
        assert ' two\nlines.py:1    -> <module> malloc(3000) pntr ' in text
        assert ' %s:1    -> <module> malloc(3001) ' % ('e' * 247) in text
        # In the middle of a character.
        assert ' xx%s\udcc3:1    -> <module> malloc(3002) ' % ('\xe9' * 122) in text
        assert '               .:1    -> <module> malloc(3003) ' in text
        assert 'name.py:2    -> %s malloc(3004) ' % ('f' * 255) in text

    def test_names_of_the_default(self):
        text = self.text('none')
        assert ' two\\nlines.py:1    -> <module> malloc(3000) pntr ' in text
        assert ' %s.py:1    -> <module> malloc(3001) ' % ('e' * 300) in text
        assert 'name.py:2    -> %s malloc(3004) ' % ('f' * 300) in text

    def test_no_such_script(self):
        run = self.trace('records.py', PYMEMFLOW_COMPAT='dtrace-2019')
        assert run.status == 4
        assert run.stderr == ('pymemflow: PYMEMFLOW_COMPAT=dtrace-2019 is not one of '
                              'none|dtrace|dtrace-2020; this program runs untraced\n')

    def test_losses_are_said_elsewhere(self, disk):
        run = self.trace('records_much.py', output='compat', TMPDIR=disk(1 << 20),
                         PYMEMFLOW_COMPAT='dtrace')
        assert re.search(r'\npymemflow: \d+ events recorded, [1-9]\d* lost\n\Z', run.stderr)
        assert run.texts['compat'].endswith('\n\n')


class TestCallStack(Case):
    def lines(self, **options):
        source = ('def inner():\n    pass\ndef outer():\n    inner()\n    yield 1\n'
                  'for item in outer(): inner()\n')
        file = self.write('loop.py', source)
        text = self.text('dtrace', '-S', file, PYMEMFLOW_PYTHON_CALL_STACK='1', **options)
        path = file if 'PYMEMFLOW_FULL_FILE_PATH' in options else os.path.basename(file)
        assert text.startswith(
            'dtrace:::BEGIN\nC    PID  DELTA(us)              FILE:LINE TYPE     -- FUNC\n'), text[:200]
        # Of the program alone, with the indentation counted from its module.
        lines = re.findall(r'^ *\d+ +%s:(\d+) +(CALL|RTN ) ( *)(.*)$' % re.escape(path), text, re.M)
        depth = len(lines[0][2])
        return [(int(number), kind, (len(indent) - depth) // 2, name)
                for number, kind, indent, name in lines]

    def test_lines(self):
        calls = self.lines()
        first = 0 if self.python.version >= (3, 11) else 1
        assert calls[0][0] in (0, 1)
        assert calls[1:-1] == [
            (3, 'CALL', 1, '-> outer'), (1, 'CALL', 2, '-> inner'), (2, 'RTN ', 2, '<- inner'),
            (5, 'RTN ', 1, '<- outer'), (1, 'CALL', 1, '-> inner'), (2, 'RTN ', 1, '<- inner'),
            (5, 'CALL', 1, '-> outer'), (5, 'RTN ', 1, '<- outer')], first
        assert (calls[0][1], calls[-1][1:]) == ('CALL', ('RTN ', 0, '<- <module>'))

    def test_full_path(self):
        assert self.lines(PYMEMFLOW_FULL_FILE_PATH='1') == self.lines()

    def test_by_frame(self):
        """The calls come with either attribution."""
        run = self.trace('probed.py', 'one_line', output='stack', PYMEMFLOW_PYTHON_CALL_STACK='1')
        text = run.texts['stack']
        flow = re.findall(r'(?:CALL +-> |RTN +<- |-> )(\w+)(?: (malloc\(100\d\)))?', text)
        assert flow[flow.index(('one_line', 'malloc(1001)')):][:5] == [
            ('one_line', 'malloc(1001)'), ('callee', ''), ('callee', 'malloc(1002)'), ('callee', ''),
            ('one_line', 'malloc(1003)')]
        # A call is no event.
        plain = self.trace('probed.py', 'one_line').report.recorded
        events = int(re.search(r'^pymemflow: (\d+) events recorded, 0 lost$', text, re.M).group(1))
        assert events - plain < len(re.findall('CALL +->', text)) / 2


class TestStart(Case):
    def test_nothing_before_and_nothing_after(self):
        source = ('import ctypes, cMemLeak\n'
                  'def f(n): cMemLeak.malloc(n)\n'
                  'tool = ctypes.CDLL(None)\n'
                  'f(4000); print(tool.pymemflow_start())\n'
                  'f(4001); print(tool.pymemflow_stop())\n'
                  'f(4002); print(tool.pymemflow_start())\n'
                  'f(4003)\n')
        run = self.trace.code(source, PYMEMFLOW_START='manual')
        assert run.stdout.split() == ['0', '0', '0'], run.stderr
        assert run.report.sizes('f') == [4001, 4003]

    def test_never(self):
        run = self.trace('records.py', PYMEMFLOW_START='manual')
        assert (run.status, run.stderr, run.files) == (4, '', [])


class TestLog(Case):
    def test_pymemtrace_reads_it(self):
        """Every line of a large program's log, by the rules of the program that reads such logs."""
        package = self.path('package')
        file = self.python.evaluate('import email; print(email.__file__)')
        shutil.copytree(os.path.dirname(file), package)
        text = self.text('dtrace', '-m', 'compileall', '-q', '-f', package)
        lines = [line for line in text[:text.index(END)].split('\n')[1:] if line and ' calloc(' not in line]
        assert len(lines) > 1000
        # The process id has leading blanks up to five digits.
        failed = [line for line in lines
                  if not any(rule.match(' ' + line) for rule in (MALLOC, FREE, POORER))]
        assert failed == []
