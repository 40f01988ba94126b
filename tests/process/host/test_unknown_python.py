"""Pythons whose frames the library cannot read run as they do alone, and one line says that.

A CPython newer than all known ones is recorded, without Python lines. An older one is not recorded.
"""
import pytest

import pythons
import runs

NEWER = ('3.99.7', '4.0.0', '3.14.0a1')
OLDER = ('2.7.18', '3.0.1', '3.5.10')
TOO_OLD = 'pymemflow: CPython %s is not supported (too old); this program runs untraced\n'


def run_unknown(build, version):
    """The program takes a lock around malloc() that the getter of its thread state takes too."""
    run = runs.Run([build.path('unknown_python')],
                   runs.environment(LD_PRELOAD=build.library, UNKNOWN_PYTHON=version), timeout=20)
    assert (run.status, run.stdout) == (5, 'done\n')
    return run


@pytest.mark.parametrize('version', NEWER)
def test_events_without_frames(build, version):
    run = run_unknown(build, version)
    reason = 'alpha or beta version' if 'a' in version else 'this version is not supported'
    assert run.stderr.startswith(
        'pymemflow: CPython %s is not known to this version (%s): its events have no Python frame\n'
        % (version, reason))
    assert run.stderr.count('pymemflow: CPython') == 1
    assert run.stderr.count('\ndtrace:::BEGIN\n\ndtrace:::END\n') == 1
    assert run.stderr.count('   unknown_python`allocate, total bytes = 7000 \n') == 1
    assert run.stderr.count(', 0 lost\n') == 1
    # Nothing of our own is among the host's events.
    assert 'libpymemflow' not in run.stderr


@pytest.mark.parametrize('version', OLDER)
def test_too_old(build, version):
    assert run_unknown(build, version).stderr == TOO_OLD % version


# Each prints something that ends with the process id of a child, or a thread's answer. The hooks of
# fork, exec, threads and exits run in all of them.
PROGRAMS = {
    'print': 'print("done")',
    'fork': 'import os; p = os.fork(); p or os._exit(3); print(os.waitpid(p, 0)[1])',
    'threads': """
import threading
def work():
    for i in range(2000): bytearray(i)
threads = [threading.Thread(target=work) for _ in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
print(len(threads))""",
    'exit code': 'import sys; sys.exit(7)',
    'hard exit': 'import os; os._exit(8)',
    'exec': 'import os, sys; os.execv(sys.executable, [sys.executable, "-c", "print(4)"])',
    'subprocess': """
import subprocess, sys
print(subprocess.Popen([sys.executable, "-c", "print(5)"], stdout=subprocess.PIPE).communicate())""",
    'signal': 'import os, signal; os.kill(os.getpid(), signal.SIGTERM)',
    'exception': 'raise ValueError(6)',
}


def require(name):
    path = pythons.find_other(name)
    if path is None:
        pytest.skip('%s is not installed' % name)
    return path


def without_our_lines(text):
    return ''.join(line for line in text.splitlines(True) if not line.startswith('pymemflow: '))


@pytest.mark.parametrize('program', PROGRAMS)
@pytest.mark.parametrize('name', ['python2.7', 'pypy3'])
def test_another_python(build, name, program):
    words = [require(name), '-c', PROGRAMS[program]]
    alone = runs.Run(words, runs.environment(), timeout=20)
    traced = runs.Run(words, runs.environment(LD_PRELOAD=build.library), timeout=20)
    assert (traced.status, traced.stdout) == (alone.status, alone.stdout)
    assert without_our_lines(traced.stderr) == alone.stderr
    ours = [line for line in traced.stderr.splitlines(True) if line.startswith('pymemflow: ')]
    if name.startswith('pypy'):
        assert ours == []
    else:
        version = pythons.version_of(words[0])
        # One line per program that starts: two where it starts itself again.
        assert ours and set(ours) == {TOO_OLD % version}
        assert len(ours) == (2 if program in ('exec', 'subprocess') else 1)
