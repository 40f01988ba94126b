"""The ways to start a Python: each takes a Place and gives the command that runs one situation in it,
or None where the Python has no such thing. A Python in another root (a chroot) is started there."""
import os
import shutil
import subprocess
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = ('situations.py', 'situations_beside.py')

LIBRARY_OF = '''
import os, sys, sysconfig
get = sysconfig.get_config_var
for folder in (get('LIBDIR'), os.path.join(get('LIBDIR'), get('MULTIARCH') or '')):
    path = os.path.join(folder, get('INSTSONAME') or '')
    if '.so' in path and os.path.exists(path):
        print(path)
        print(sys.base_prefix)
        break
'''
# In a library that shows its symbols to nobody there may be no ctypes.
EMBEDDED = '''
import sys
def embedded():
    for size in range(4000000, 4000000 + 128 * 20, 128):
        lines.append('[%d, "%s", %d, "%s"]' % (size, FILE, sys._getframe().f_lineno + 1, 'embedded'))
        bytearray(size - 1)
lines = []
FILE = embedded.__code__.co_filename
embedded()
with open('{expected}', 'w') as file:
    file.write('[%s]' % ', '.join(lines))
'''


class Place:
    """A Python, and a folder for what it needs: `folder` as it sees it, `outside` as we do."""

    def __init__(self, python, root, outside, emulator=None):
        """`emulator`: (qemu-user, the folder that is its root), for a Python of another architecture."""
        self.python, self.root, self.outside, self.emulator = python, root, outside, emulator
        self.folder = '/' + os.path.relpath(outside, root) if root != '/' else outside
        for name in FILES:
            shutil.copy(os.path.join(HERE, name), outside)

    def inside(self, command, **environment):
        """The command as it is started from here."""
        words = ['%s=%s' % item for item in environment.items()]
        if self.emulator:
            # qemu finds files in that folder; Python asks for folders as well.
            words.append('PYTHONHOME=%s/usr' % self.emulator[1])
            return ([self.emulator[0], '-L', self.emulator[1]] +
                    [word for setting in words for word in ('-E', setting)] + command)
        if self.root == '/':
            return ['env'] + words + command
        return ['chroot', self.root, 'env', '-u', 'LD_PRELOAD', 'LC_ALL=C.UTF-8'] + words + command

    def ask(self, source):
        """The output of a few lines of Python, without the library."""
        done = subprocess.run(self.inside([self.python, '-c', source]), stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, universal_newlines=True, check=False)
        return done.stdout.split('\n')[:-1] if done.returncode == 0 else []

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text, mode=0o644):
        path = os.path.join(self.outside, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w') as file:
            file.write(text)
        os.chmod(path, mode)
        return self.path(name)


def script(place, name, expected):
    return [place.python, place.path('situations.py'), name, expected]


def as_module(place, name, expected):
    return [place.python, '-m', 'situations', name, expected]


def as_text(place, name, expected):
    return [place.python, '-c', 'import situations, situations_beside; situations.main(%r, %r)'
            % (name, expected)]


def zipped(place, name, expected):
    with zipfile.ZipFile(os.path.join(place.outside, 'app.pyz'), 'w') as archive:
        for file in FILES:
            archive.write(os.path.join(HERE, file), file)
        archive.writestr('__main__.py', 'import sys, situations, situations_beside\n'
                         'situations.main(*sys.argv[1:])\n')
    return [place.python, place.path('app.pyz'), name, expected]


def wrapped(place, name, expected):
    if place.emulator:
        return None
    wrapper = place.write('wrapper', '#!/bin/sh\nexec "%s" "$@"\n' % place.python, 0o755)
    return [wrapper, place.path('situations.py'), name, expected]


def environment(place, name, expected):
    if place.emulator:
        return None
    folder = place.path('venv')
    made = subprocess.run(place.inside([place.python, '-m', 'venv', '--without-pip', folder]),
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if made.returncode != 0:
        return None
    return [os.path.join(folder, 'bin', 'python'), place.path('situations.py'), name, expected]


def _embedding(place, expected, mode, move):
    embeds = os.environ.get('PMF_EMBEDS_PYTHON')
    found = place.ask(LIBRARY_OF)
    if place.emulator:
        found = [place.emulator[1] + path for path in found[:1]] + [place.emulator[1] + '/usr']
    if not embeds or len(found) < 2 or place.ask('import sysconfig; print(sysconfig.get_config_var('
                                                 '"Py_GIL_DISABLED"))') == ['1']:
        return None
    shutil.copy(embeds, place.outside)
    library, home = found[:2]
    if move:
        moved = os.path.join('_internal', os.path.basename(library))
        os.makedirs(os.path.join(place.outside, '_internal'), exist_ok=True)
        shutil.copy(place.root.rstrip('/') + library, os.path.join(place.outside, moved))
        library = place.path(moved)
    return [place.path('embeds_python'), mode, library, home, EMBEDDED.replace('{expected}', expected)]


def embedded(place, name, expected):
    return _embedding(place, expected, 'global', move=False)


def bundled(place, name, expected):
    """As a bundle does it: a library in a folder of the program's, its symbols its own."""
    return _embedding(place, expected, 'local', move=True)
