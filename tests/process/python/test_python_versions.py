"""The versions of Python that the package and the README name are the rows of versions.def."""
import os
import re

import versions
from built import ROOT


def text_of(name):
    with open(os.path.join(ROOT, name), encoding='utf-8') as file:
        return file.read()


def test_classifiers():
    found = re.findall(r'"Programming Language :: Python :: 3\.(\d+)"', text_of('pyproject.toml'))
    assert [(3, int(minor)) for minor in found] == versions.KNOWN


def test_readme():
    first, last = versions.KNOWN[0], versions.KNOWN[-1]
    assert 'CPython %d.%d to %d.%d' % (first + last) in text_of('README.md')
