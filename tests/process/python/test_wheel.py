"""The wheel, built from a clean copy of the sources and installed into an environment of its own: the
command, the module and the pytest plugin run. It needs Python's package index, so it is a part of
scripts/soak."""
import os
import shutil
import subprocess
import sys

import pytest

import built
import runs

pytestmark = [pytest.mark.slow, pytest.mark.soak('wheel')]
PROGRAM = '''
import pymemflow
assert pymemflow.is_active(), 'not active'
pymemflow.mark('here')
print(pymemflow.__version__ == pymemflow.version(), pymemflow.outstanding().blocks > 100)
'''
TEST = '''
import ctypes, pytest
malloc = ctypes.CDLL(None).malloc
@pytest.mark.limit_leaks(1000)
def test_it():
    malloc(5000)
'''


def call(*words, status=0, **options):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          universal_newlines=True, **options)
    assert done.returncode == status, done.stdout
    return done.stdout


@pytest.fixture
def python_of_venv(folder):
    """A Python in a fresh environment whose pip reaches an index."""
    call(sys.executable, '-m', 'venv', os.path.join(folder, 'venv'))
    path = os.path.join(folder, 'venv', 'bin', 'python')
    done = subprocess.run([path, '-m', 'pip', 'download', '-q', '--no-deps', '-d', folder,
                           'scikit-build-core'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, universal_newlines=True, env=runs.environment())
    if done.returncode != 0:
        pytest.skip('pip can reach no package index: ' + done.stdout.strip().split('\n')[-1])
    return path


@pytest.fixture
def source(folder):
    """A copy of the files of the repository, without those that were built."""
    path = os.path.join(folder, 'source')
    for name in call('git', '-C', built.ROOT, 'ls-files', '-co', '--exclude-standard').splitlines():
        if os.path.exists(os.path.join(built.ROOT, name)):
            os.makedirs(os.path.dirname(os.path.join(path, name)), exist_ok=True)
            shutil.copy(os.path.join(built.ROOT, name), os.path.join(path, name))
    return path


def test_installed_from_sources(python_of_venv, source, folder, soak_says):
    python, environment = python_of_venv, runs.environment()
    call(python, '-m', 'pip', 'install', '-q', source, 'pytest', env=environment)
    command = os.path.join(os.path.dirname(python), 'pymemflow')
    for start in ([command], [python, '-m', 'pymemflow']):
        text = call(*start, 'gate', '--max-leak=10MB', '--', python, '-c', PROGRAM, cwd=folder,
                    env=environment)
        assert 'True True\n' in text
        assert 'pymemflow: passed, 1 process\n' in text
    with open(os.path.join(folder, 'test_it.py'), 'w', encoding='utf-8') as file:
        file.write(TEST)
    text = call(python, '-m', 'pytest', '--pymemflow', 'test_it.py', cwd=folder, env=environment,
                status=1)
    assert 'leaks 5000 bytes in 1 block each run' in text
    soak_says('installed from a copy of the sources; the command, the module and the plugin run')
