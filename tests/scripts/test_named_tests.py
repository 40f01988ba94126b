"""The pages that name a test for each of their claims name tests that exist."""
import glob
import os
import re

import pytest

import built

PAGES = ('SECURITY.md', 'docs/faults.md', 'docs/bounds.md', 'docs/internals/testing.md')


def text_of(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


@pytest.fixture(scope='module')
def tests():
    """{name of a file: its text}"""
    paths = glob.glob(os.path.join(built.ROOT, 'tests', '**', 'test_*.py'), recursive=True)
    return {os.path.basename(path): text_of(path) for path in paths}


@pytest.mark.parametrize('page', PAGES)
def test_named_in(page, tests):
    text = text_of(os.path.join(built.ROOT, page))
    defined = set(re.findall(r'^(?:class| *def) (\w+)', '\n'.join(tests.values()), re.MULTILINE))
    files = set(re.findall(r'\btest_\w+\.py\b', text))
    names = set(re.findall(r'\b(?:Test[A-Z]\w+|test_[a-z]\w+)\b(?!\.py)', text))
    assert files, page
    assert files - set(tests) == set()
    assert names - defined == set()


@pytest.mark.parametrize('page', PAGES)
def test_classes_are_in_their_file(page, tests):
    """`test_ends.py (TestLimits)` and `test_ends.py, TestLimits`"""
    text = text_of(os.path.join(built.ROOT, page))
    for file, name in re.findall(r'(test_\w+\.py)(?:,| \() ?(Test[A-Z]\w+)', text):
        assert re.search(r'^class %s\b' % name, tests[file], re.MULTILINE), (file, name)
