"""Growth that is not of malloc()'s blocks: small objects, and memory that is mapped."""
import pytest

import heads

pytestmark = pytest.mark.known_python
HEAD = heads.HEAD + '''
import re
from pymemflow import LeakError
def raises(kind, function, *arguments):
    try:
        function(*arguments)
    except kind as error:
        return error
    raise AssertionError('%r did not raise' % function)
'''


@pytest.fixture
def check(trace):
    """Runs a program, whose assertions must hold and which must print nothing on standard error."""
    def call(program, **options):
        run = trace.code(HEAD + program, **dict({'output': '/dev/null'}, **options))
        assert (run.status, run.stderr) == (0, ''), run.stderr
    return call


def test_growth_of_mapped_memory(check):
    """Memory that a library maps is none of malloc()'s blocks."""
    check('''
import mmap
kept = []
def maps():
    kept.append(mmap.mmap(-1, 1 << 20))
error = raises(LeakError, pymemflow.limit_growth('512KiB')(maps))
assert re.search(r'memory mapped by .* grew by 1048576 bytes, from .*:\\d+ maps$', str(error)), str(error)
mapped, = [each for each in error.growth.mapped if each.name.startswith('memory')]
assert (mapped.bytes, mapped.counts) == (1 << 20, True)
assert error.growth.rise_bytes >= 1 << 20 > error.growth.peak_bytes
assert pymemflow.limit_growth('2MiB')(maps)() is None
pymemflow.mark('before')
kept.append(bytearray(b'x' * (32 << 20)))
growth = pymemflow.growth_since('before')
assert growth.resident_bytes is None or growth.resident_bytes > 16 << 20, growth
''')


def test_growth_of_objects(check):
    """With PYMEMFLOW_DOMAINS a leak of small objects is one; without, arenas grow."""
    program = '''
kept = []
def keeps():
    kept.extend(object() for _ in range(100000))
error = raises(LeakError, pymemflow.limit_growth('64KiB')(keeps))
objects = [site for site in error.growth.sites if site.blocks >= 100000]
arenas = [each for each in error.growth.mapped if each.name == "Python's arenas"]
'''
    check(program + '''
assert objects and 'keeps' in objects[0].name or '<genexpr>' in objects[0].name, error
assert not [each for each in arenas if each.counts]
''', PYMEMFLOW_DOMAINS='mem,obj', PYTHONMALLOC='pymalloc')
    check(program + '''
assert not objects
assert [each.counts for each in arenas] == [True]
assert "Python's arenas grew by " in str(error)
''', PYMEMFLOW_DOMAINS='none', PYTHONMALLOC='pymalloc')
