"""Frames that C code made, as Nuitka makes them, have the line that is in their frame object."""
import ast
import re
import subprocess
import sys

import pytest

import cases

pytestmark = pytest.mark.known_python
FIRST_SIZE = 40000

SOURCE = '''
make = __import__('builtins').bytearray
def allocate():
    a = make(50001)
    b = make(50002)
    return a, b, make(50003)


def again():
    for size in 60001, 60002:
        block = make(size)
    other = make(60003)
allocate()
again()
'''


def lines_of(run, function='compiled'):
    """{size: line} of the calls of malloc() in that function, from FIRST_SIZE on."""
    event = re.compile(r'compiled\.py:(\d+) +-> %s malloc\((\d+)\)' % function)
    return {int(size): int(line) for line, size in event.findall(run.report.text)
            if int(size) >= FIRST_SIZE}


class TestFramesOfC(cases.Case):
    def run(self, kind, **options):
        run = self.trace('own_lines.py', self.build.path('own_lines'), kind, PYTHONMALLOC='malloc', **options)
        assert run.status == 0, run.stderr
        return run

    def expected(self, run):
        return {FIRST_SIZE + i: line for i, line in enumerate(ast.literal_eval(run.stdout))}

    @pytest.mark.parametrize('kind', ['made', 'late'])
    def test_the_line_that_the_interpreter_gives(self, kind):
        run = self.run(kind)
        assert lines_of(run) == self.expected(run)

    def test_object_of_another_type(self):
        # The interpreter's own function knows such an object from 3.10 on.
        run = self.run('typed')
        lines = [4, 5, 4, 1000, 70000, 2000000]
        assert lines_of(run) == {FIRST_SIZE + i: line for i, line in enumerate(lines)}
        if self.python.version >= (3, 10):
            assert lines_of(run) == self.expected(run)

    def test_while_c_stacks_may_be_switched(self):
        """Frames are read in another way once greenlet has been looked up."""
        run = self.run('made', PMF_LOOKS_GREENLET_UP='1')
        assert lines_of(run) == self.expected(run)

    def test_code_that_dies(self):
        """Lines are those of the code object at this address now."""
        run = self.run('codes')
        for number in range(300):
            lines = lines_of(run, 'f%d' % number)
            first = 3 if self.python.version < (3, 10) else number + 1
            second = 3 if self.python.version < (3, 10) else number + 2
            assert lines == {FIRST_SIZE + 2 * number: first, FIRST_SIZE + 2 * number + 1: second}


@pytest.mark.slow
@pytest.mark.one_python
class TestNuitka(cases.Case):
    def test_compiled_program(self):
        if not self.trace.can_import('nuitka'):
            pytest.skip('Nuitka is not installed for Python %s' % self.python.id)
        path = self.write('program.py', SOURCE)
        subprocess.run([self.python.path, '-m', 'nuitka', '--quiet', '--assume-yes-for-downloads', path],
                       cwd=self.folder, check=True, stdout=sys.stderr, timeout=600)
        run = self.trace.program([self.path('program.bin')], timeout=100)
        assert run.status == 0, run.stderr
        text = run.report.text
        found = dict((int(size), int(line)) for line, size in
                     re.findall(r'program\.py:(\d+) +-> \w+ malloc\((\d+)\)', text))
        # One byte more than asked for. Nuitka keeps the line of a call, unless it compiles the call away,
        # as it does that of a built-in under its own name.
        lines = {50001: 4, 50002: 5, 50003: 6, 60001: 11, 60002: 11, 60003: 12}
        assert {size: found.get(size + 1) for size in lines} == lines
