"""The files that the build made: the library, the command, the examples, the victims in C.

CMake writes their paths to tests.json in the build directory (tests/process/CMakeLists.txt).
"""
import glob
import json
import os

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VICTIMS = os.path.join(ROOT, 'tests', 'victims')
BUILD_FIRST = 'build first: scripts/build ci'


class Built:
    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        with open(os.path.join(self.folder, 'tests.json'), encoding='utf-8') as file:
            self._paths = json.load(file)

    def path(self, name):
        """The file that CMake calls `name`. Fails where the build does not have it."""
        path = self._paths.get(name)
        if not path or not os.path.exists(path):
            pytest.fail('%s (%s is not built)' % (BUILD_FIRST, path or name), pytrace=False)
        return path

    def has(self, name):
        return bool(self._paths.get(name))

    @property
    def variables(self):
        """The environment by which victims find files of the build: PMF_STORM is the path of storm."""
        return {'PMF_' + name.upper(): path for name, path in self._paths.items()}

    @property
    def library(self):
        return self.path('pymemflow')

    @property
    def command(self):
        return self.path('pymemflow_command')

    @property
    def examples(self):
        """The folder of the extension modules cMemLeak and _leaky."""
        if not self.has('cMemLeak'):
            pytest.skip('the examples are not built: no Python headers')
        return os.path.dirname(self.path('cMemLeak'))


def is_there(folder):
    """Whether CMake has configured the tests there, and made the library and the command."""
    try:
        with open(os.path.join(folder, 'tests.json'), encoding='utf-8') as file:
            paths = json.load(file)
    except OSError:
        return False
    return all(os.path.exists(paths[name]) for name in ('pymemflow', 'pymemflow_command'))


def victim(name):
    """The path of a victim that is a script."""
    whole = os.path.join(VICTIMS, name)
    return whole if os.path.exists(whole) else glob.glob(os.path.join(VICTIMS, '*', name))[0]


def line_of(script, text):
    """The number of the only line of a victim that holds `text`."""
    with open(victim(script), encoding='utf-8') as file:
        lines = [number for number, line in enumerate(file, 1) if text in line]
    if len(lines) != 1:
        raise ValueError('%r stands in %d lines of %s' % (text, len(lines), script))
    return lines[0]
