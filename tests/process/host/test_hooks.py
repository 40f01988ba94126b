"""Every function of functions.def, called in every way that matters, does what it does without the
library, in a program without Python. test_hooks_in_python.py does the same where calls are recorded.
"""
import re

import pytest

import runs
import tables

# The usable size of these depends on where in the heap the block was cut out.
ALIGNED = ('posix_memalign', 'aligned_alloc', 'memalign', 'valloc', 'pvalloc')


def outcomes(name, text):
    """The outcomes of the calls, without their addresses."""
    if name in ALIGNED:
        text = re.sub(' usable [1-9][0-9]*', ' usable SIZE', text)
    return [line for line in text.splitlines() if not line.startswith('=')]


@pytest.mark.parametrize('name', [function.name for function in tables.functions_here()])
def test_change_nothing(build, name):
    words = [build.path('allocator_calls'), name]
    without = runs.Run(words, runs.environment())
    traced = runs.Run(words, runs.environment(LD_PRELOAD=build.library))
    assert without.status == 0, without.stderr
    assert (traced.status, traced.stderr) == (0, '')
    said = outcomes(name, traced.stdout)
    assert said
    assert 'NOT ' not in '\n'.join(said)
    assert 'absent' not in '\n'.join(said), 'not provided by the library'
    if without.stdout == name + ' is absent\n':
        # The C library has no such function: there is nothing to compare with.
        assert name + ' some: errno 4242\n' in traced.stdout
    else:
        assert said == outcomes(name, without.stdout)
