"""The gate has no false alarm on programs that nobody here wrote, and finds the line that leaks when one
is added to them. scripts/gate-programs prints the table."""
import pytest

import judge
import programs


@pytest.mark.one_python
@pytest.mark.parametrize('program', programs.PROGRAMS, ids=[program.name for program in programs.PROGRAMS])
def test_program(program, python, build, cli):
    row, is_right = judge.Judge(python.path, cli.path, build.examples).row(program)
    # scripts/packages installs them all for the system's Python.
    if is_right is None and not python.path.startswith('/usr/bin/'):
        pytest.skip('Python %s lacks a program' % python.id)
    assert is_right, row
