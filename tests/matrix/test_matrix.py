"""Each row of the matrix under each Python that is found: a situation of Python programs in which every
event has the file, line and function that the program itself says. scripts/matrix prints the table."""
import shutil
import tempfile

import pytest

import matrix
import starts

ROWS = list(matrix.rows())


@pytest.fixture(scope='module')
def place(python, build):
    folder = tempfile.mkdtemp(prefix='matrix')
    shutil.copy(build.library, folder)
    yield starts.Place(python.path, '/', folder)
    shutil.rmtree(folder)


@pytest.mark.parametrize('row', ROWS, ids=[row.name for row in ROWS])
def test_row(row, place, python, build, monkeypatch):
    monkeypatch.setenv('PMF_EMBEDS_PYTHON', build.path('embeds_python'))
    cell, wrong = matrix.run_cell(row, place, [], python.is_free_threaded)
    if cell == '-':
        pytest.skip('this Python cannot do that, or lacks a module')
    assert wrong == []
    assert cell == 'right'
