"""Builds the wheel from a clean copy of the sources, installs it into an environment of its own, and
runs what it brings: the command, the module, the pytest plugin. Skipped, and said so, where pip can
reach no index."""
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = '''
import pymemflow
assert pymemflow.is_active(), 'not active'
pymemflow.mark('here')
print(pymemflow.version(), pymemflow.outstanding().blocks > 100)
'''


def call(*words, **options):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **options)
    if done.returncode != 0:
        print(done.stdout)
        raise AssertionError('%s ended with %d' % (' '.join(words), done.returncode))
    return done.stdout


def main(folder):
    python = os.path.join(folder, 'venv', 'bin', 'python')
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith('PYMEMFLOW_') and name not in ('LD_PRELOAD', 'PYTHONPATH')}
    call(sys.executable, '-m', 'venv', os.path.join(folder, 'venv'))
    reached = subprocess.run([python, '-m', 'pip', 'download', '-q', '--no-deps', '-d', folder,
                              'scikit-build-core'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, check=False, env=environment)
    if reached.returncode != 0:
        print('soak: skipped: pip can reach no package index:', reached.stdout.strip().split('\n')[-1])
        return 77
    # What is in the repository, and nothing that was built.
    source = os.path.join(folder, 'source')
    files = call('git', '-C', ROOT, 'ls-files', '-co', '--exclude-standard').split('\n')
    for name in filter(None, files):
        if os.path.exists(os.path.join(ROOT, name)):
            os.makedirs(os.path.dirname(os.path.join(source, name)), exist_ok=True)
            shutil.copy(os.path.join(ROOT, name), os.path.join(source, name))
    call(python, '-m', 'pip', 'install', '-q', source, 'pytest', env=environment)

    def run(*words):
        return call(*words, cwd=folder, env=environment)

    command = os.path.join(folder, 'venv', 'bin', 'pymemflow')
    for start in ([command], [python, '-m', 'pymemflow']):
        text = run(*(start + ['gate', '--max-leak=10MB', '--', python, '-c', PROGRAM]))
        assert '0.1.0 True\n' in text and 'pymemflow: passed, 1 process\n' in text, text
    with open(os.path.join(folder, 'test_it.py'), 'w') as file:
        file.write('import ctypes, pytest\nmalloc = ctypes.CDLL(None).malloc\n'
                   '@pytest.mark.limit_leaks(1000)\ndef test_it():\n    malloc(5000)\n')
    done = subprocess.run([python, '-m', 'pytest', '--pymemflow', 'test_it.py'], cwd=folder,
                          stdout=subprocess.PIPE, text=True, env=environment, check=False)
    assert done.returncode == 1 and 'leaks 5000 bytes in 1 block each run' in done.stdout, done.stdout
    print('soak: installed from a copy of the sources; the command, the module and the plugin run')
    return 0


if __name__ == '__main__':
    with tempfile.TemporaryDirectory() as temporary:
        sys.exit(main(temporary))
