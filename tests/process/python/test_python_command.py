"""The module pymemflow as a package: its version, and `python -m pymemflow`."""
import os
import shutil

import pytest

import built
import runs

pytestmark = pytest.mark.known_python
PACKAGE = os.path.join(built.ROOT, 'python')


@pytest.fixture
def package(build, folder):
    """A folder with the module and, beside it as in a wheel, the command of the build that is tested."""
    modules = os.path.join(folder, 'package', 'pymemflow')
    shutil.copytree(os.path.join(PACKAGE, 'pymemflow'), modules)
    os.symlink(build.command, os.path.join(modules, 'pymemflow'))
    return os.path.dirname(modules)


def test_version(trace, cli):
    """CMakeLists.txt states it once, for the library, the command and the module."""
    run = trace.code('import pymemflow; print(pymemflow.__version__, pymemflow.version())', PYTHONPATH=PACKAGE)
    stated = cli('--version').stdout.split()[-1]
    assert run.stdout.split() == [stated, stated], run.stderr


def test_growth_is_the_program_s(trace):
    """With PYTHONMALLOC=malloc each frame and object of the measurement is a block; none is in the growth."""
    run = trace.code('import ctypes, pymemflow; pymemflow.mark("x"); ctypes.CDLL(None).malloc(12345); '
                     'print({site.file for site in pymemflow.growth_since("x").sites})',
                     PYTHONPATH=PACKAGE, PYTHONMALLOC='malloc')
    assert "'<string>'" in run.stdout and PACKAGE not in run.stdout, run.stdout + run.stderr


@pytest.mark.parametrize('words', [
    ('run', '--output', '/dev/null', '-c', 'import sys; print(sys.executable)'),
    ('run', '--output=/dev/null', '--', '-m', 'program'),
    ('run', '--output=/dev/null', 'program.py'),
    ('gate', '--max-leak=10MB', '--', '-c', 'import program'),
], ids=['code', 'module', 'script', 'gate'])
def test_command_uses_this_python(trace, python, folder, package, words):
    with open(os.path.join(folder, 'program.py'), 'w', encoding='utf-8') as file:
        file.write('import os, sys\nassert "_PYMEMFLOW_PYTHON" not in os.environ\nprint(sys.executable)\n')
    run = trace.program([python.path, '-m', 'pymemflow', *words], preload=False, cwd=folder, PYTHONPATH=package)
    assert run.status == 0, run.stderr
    asked = trace.program([python.path, '-c', 'import sys; print(sys.executable)'], preload=False)
    assert run.stdout == asked.stdout


def test_doctor_asks_this_python(trace, python, package):
    run = trace.program([python.path, '-m', 'pymemflow', 'doctor'], preload=False, PYTHONPATH=package)
    assert 'CPython %s' % '.'.join(map(str, python.version[:2])) in run.stdout, run


def test_command_is_missing(trace, python, folder):
    """The module without a build: one line, and exit code 2."""
    os.symlink(os.path.join(PACKAGE, 'pymemflow'), os.path.join(folder, 'link'))
    program = ('import sys; sys.path.insert(0, %r); import pymemflow._files as files, pymemflow.__main__ as main\n'
               'files._PACKAGE = files._CHECKOUT = "/no/such"; sys.exit(main.main())' % PACKAGE)
    run = trace.program([python.path, '-c', program], preload=False)
    runs.check_error(run, 'cannot find the command', 'scripts/build')
