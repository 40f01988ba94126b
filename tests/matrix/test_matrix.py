"""Each row of the matrix under each Python that is found: a situation of Python programs in which every
event has the file, line and function that the program itself says. scripts/matrix prints the table."""
import shutil
import tempfile

import pytest

import matrix
import starts

ROWS = list(matrix.rows())
# All other rows have to run under every Python.
MODULES = {'greenlets': 'greenlet', 'gevent-tasks': 'gevent', 'coverage-tool': 'coverage', 'debugger': 'debugpy',
           'subinterpreter': '_testcapi'}
SINCE = {'own-gil': (3, 8), 'monitoring': (3, 12), 'PYTHONMALLOC=mimalloc': (3, 13)}
HAS_LIBRARY = 'import sysconfig; print(sysconfig.get_config_var("Py_ENABLE_SHARED"))'


def why_absent(row, python, trace):
    """Why this Python need not have the row; None: it has to."""
    if row.name in MODULES and not trace.can_import(MODULES[row.name]):
        return 'Python %s has no %s' % (python.id, MODULES[row.name])
    if row.name in SINCE and python.version < SINCE[row.name]:
        return 'there is no %s before Python %d.%d' % ((row.name,) + SINCE[row.name])
    if row.name.startswith('PYTHONMALLOC=') and (python.is_free_threaded or row.name.endswith('mimalloc')):
        return 'this build has no such allocator'
    if row.name in ('embedded', 'bundle') and (python.is_free_threaded or python.evaluate(HAS_LIBRARY) != '1'):
        return 'Python %s has no library that can be embedded' % python.id
    return None


@pytest.fixture(scope='module')
def place(python, build):
    folder = tempfile.mkdtemp(prefix='matrix')
    shutil.copy(build.library, folder)
    yield starts.Place(python.path, '/', folder)
    shutil.rmtree(folder)


@pytest.mark.parametrize('row', ROWS, ids=[row.name for row in ROWS])
def test_row(row, place, python, build, trace, monkeypatch):
    monkeypatch.setenv('PMF_EMBEDS_PYTHON', build.path('embeds_python'))
    cell, wrong = matrix.run_cell(row, place, [], python.is_free_threaded)
    if cell == '-':
        reason = why_absent(row, python, trace)
        assert reason, 'the situation did not run, and nothing is known to prevent it'
        pytest.skip(reason)
    assert wrong == []
    assert cell == 'right'
