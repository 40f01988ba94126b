"""Runs pytest with the plugin on a file, for tests of the plugin: the fixture `suite`."""
import os
import re
import sys

import pytest

import built
import runs

HEAD = '''
import asyncio, ctypes, functools, os, pymemflow, pytest, unittest
malloc, free = ctypes.CDLL(None).malloc, ctypes.CDLL(None).free
malloc.restype, malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
free.restype, free.argtypes = None, (ctypes.c_void_p,)
limited = pytest.mark.limit_leaks('4KiB', runs=3)
def leak():
    malloc(10000)
def clean():
    free(malloc(3000000))
def count(name):
    with open(name, 'a') as file:
        file.write('x')
'''
OVER = 'leaks 10000 bytes in 1 block each run; limit_leaks allows 4096 bytes'


class Result:
    """One run of pytest: the outcome of each test, by name, and the output."""

    def __init__(self, run, folder):
        self.folder, self.status, self.stdout, self.stderr = folder, run.status, run.stdout, run.stderr
        self.outcomes = {}
        for name, outcome in re.findall(r'^\S+\.(?:py|txt)::(\S+) (?:<- \S+ )?([A-Z]+)', self.stdout, re.MULTILINE):
            self.outcomes.setdefault(name.rpartition('::')[2], outcome)
        held = re.search(r'^(\d+) tests? measured, (\d+) over', self.stdout, re.MULTILINE)
        self.checked, self.over = map(int, held.groups()) if held else (None, None)

    def runs(self, name):
        """The number of times that tests called count(name)."""
        path = os.path.join(self.folder, name)
        return os.path.getsize(path) if os.path.exists(path) else 0


@pytest.fixture
def suite(folder, build):
    """Runs pytest on a file, in a process of its own: suite(text, *arguments)."""
    def call(text, *arguments, plugins=(), files=(), **variables):
        for name, content in (('test_it.py', HEAD + text), ('pytest.ini', '[pytest]\n'), *files):
            with open(os.path.join(folder, name), 'w', encoding='utf-8') as file:
                file.write(content)
        words = [word for plugin in ('pymemflow.pytest_plugin', *plugins) for word in ('-p', plugin)]
        environment = {name: None for name in os.environ if name.startswith('PYTEST_')}
        environment.update(PYTHONPATH=os.path.join(built.ROOT, 'python'), PYTEST_DISABLE_PLUGIN_AUTOLOAD='1')
        # pytest prints the reason of each failure a second time, whole, where one of these is set.
        environment.update(CI=None, BUILD_NUMBER=None)
        environment.update({'COLUMNS': '80'}, **variables)
        run = runs.Run([sys.executable, '-m', 'pytest', *words, '-p', 'no:cacheprovider', '-v', '-rA', '--pymemflow',
                        '--pymemflow-library', build.library, *arguments], runs.environment(**environment),
                       cwd=folder)
        return Result(run, folder)
    return call
