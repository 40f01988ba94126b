"""The gate has no false alarm on programs that nobody here wrote, and finds the line that leaks when one
is added to them. scripts/gate-programs prints the table."""
import os

import pytest

import judge
import programs


@pytest.mark.one_python
@pytest.mark.parametrize('program', programs.PROGRAMS, ids=[program.name for program in programs.PROGRAMS])
def test_program(program, python, build, cli):
    # scripts/packages installs them all for the system's Python. Others may lack those that do not come
    # with Python; the rest must be there.
    if not python.path.startswith('/usr/bin/'):
        for module in (program.module, program.needs):
            if not is_there(python, module):
                pytest.skip('Python %s has no %s' % (python.id, module))
    row, is_right = judge.Judge(python.path, cli.path, build.examples).row(program)
    assert is_right, row


def is_there(python, module):
    """Whether this Python has the module. One of its standard library has to be there."""
    top = module.partition('.')[0]
    is_standard = python.evaluate('import sys; print(%r in getattr(sys, "stdlib_module_names", ()))' % top)
    return is_standard == 'True' or judge.find_module(python.path, module, os.path.dirname(__file__)) is not None
