"""The Pythons that tests run programs under: those of pyenv and of /usr/bin, from 3.6 on."""
import glob
import os
import re
import shutil
import subprocess
import sys
from collections import namedtuple

from versions import LAST_KNOWN, LAST_PROBED, WANTED

# Debug builds (d, -dbg) and free-threaded ones (t) too; not python3.11-config, nor python3.6m, which
# is python3.6.
_NAME = re.compile(r'^python(3\.(?:[6-9]|\d\d))(t|d|-dbg)?$')
# ctypes is imported because most victims need it.
_QUESTION = ('import sys, ctypes, sysconfig; print("%d.%d.%d" % sys.version_info[:3] '
             '+ "t" * bool(sysconfig.get_config_var("Py_GIL_DISABLED")) '
             '+ "d" * hasattr(sys, "gettotalrefcount"))')


class Python(namedtuple('Python', 'path id text')):
    """An interpreter. `text` is its version: 3.11.2, 3.13.1t (free-threaded), 3.11.2d (debug)."""

    __slots__ = ()

    def __str__(self):
        return self.path

    @property
    def version(self):
        """As sys.version_info[:3]: (3, 11, 2)."""
        return tuple(int(number) for number in self.text.rstrip('td').split('.'))

    @property
    def minor(self):
        """The name of its version without the last number: 3.11, 3.13t, 3.11d."""
        return re.sub(r'\.\d+(t?d?)$', r'\1', self.text)

    @property
    def is_debug(self):
        return self.text.endswith('d')

    @property
    def is_free_threaded(self):
        return 't' in self.text

    @property
    def is_known(self):
        return self.version[:2] <= LAST_KNOWN

    @property
    def can_be_probed(self):
        return self.version[:2] <= LAST_PROBED and not self.is_debug and not self.is_free_threaded

    @property
    def environment(self):
        # A debug build's allocators ask malloc() for more than they are asked for, unless told not to.
        return {'PYTHONMALLOC': 'pymalloc'} if self.is_debug else {}

    def evaluate(self, code):
        """The output of this Python when it runs `code` without the library."""
        return subprocess.run([self.path, '-c', code], stdout=subprocess.PIPE, check=True,
                              universal_newlines=True).stdout.strip()


def _pyenv_root():
    for pyenv in (os.path.join(os.environ.get('PYENV_ROOT', ''), 'bin', 'pyenv'), 'pyenv'):
        try:
            done = subprocess.run([pyenv, 'root'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                  universal_newlines=True, check=False)
        except OSError:
            continue
        if done.returncode == 0:
            return done.stdout.strip()
    return os.environ.get('PYENV_ROOT') or os.path.expanduser('~/.pyenv')


def _natural(path):
    return [int(part) if part.isdigit() else part for part in re.split(r'(\d+)', path)]


def _candidates():
    found = glob.glob(os.path.join(_pyenv_root(), 'versions/*/bin/python3.*'))
    found += glob.glob('/usr/bin/python3.*')
    seen = set()
    for path in sorted(filter(lambda path: _NAME.match(os.path.basename(path)), found), key=_natural):
        # One interpreter may have several names: python3.11-dbg is python3.11d, and a free-threaded
        # python3.13t is python3.13 too.
        file = os.path.realpath(path)
        if file not in seen and not os.path.exists(path + 't'):
            seen.add(file)
            yield path


def _system_name():
    try:
        with open('/etc/os-release', encoding='utf-8') as file:
            match = re.search(r'^ID="?([a-z0-9._-]+)"?$', file.read(), re.MULTILINE)
    except OSError:
        match = None
    return match.group(1) if match else 'system'


def _is_chosen(python, words):
    return not words or any(word in (python.id, python.text, python.minor, python.path) or
                            python.text.startswith(word + '.') for word in words)


def find(words=()):
    """The Pythons, all or those that a word names: 3.11, 3.13t, 3.11.7, debian-3.11.2, a path.

    Release builds come last: a test that needs one Python takes the last.
    """
    paths = list(_candidates())
    paths += [os.path.abspath(word) for word in words if '/' in word and word not in paths]
    if words and all(re.match(r'^3\.\d+(\.\d+)?$', word) for word in words):
        # Only asks those that the words can mean: starting all of them takes a second.
        wanted = {'.'.join(word.split('.')[:2]) for word in words}
        paths = [path for path in paths if _NAME.match(os.path.basename(path)).group(1) in wanted]
    asked = [(path, subprocess.Popen([path, '-c', _QUESTION], stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL, universal_newlines=True))
             for path in paths]
    system, releases, others, ids = _system_name(), [], [], set()
    for path, process in asked:
        text = process.communicate()[0].strip()
        if process.returncode != 0:
            print('%s does not run, or has no ctypes: not tested' % path, file=sys.stderr)
            continue
        name = system + '-' + text if path.startswith('/usr/bin/') else text
        number = 2
        while name in ids:
            name, number = '%s-%d' % (text, number), number + 1
        ids.add(name)
        python = Python(path, name, text)
        (others if re.search('[td]$', text) else releases).append(python)
    return [python for python in others[::-1] + releases if _is_chosen(python, words)]


def find_other(name):
    """The path of another Python of pyenv or of the PATH, such as python2.7 or pypy3; None: there is none."""
    found = sorted(glob.glob(os.path.join(_pyenv_root(), 'versions/*/bin', name)), key=_natural)
    return found[-1] if found else shutil.which(name)


def version_of(path):
    """The version of any Python, such as 2.7.18."""
    code = 'import sys; print("%d.%d.%d" % sys.version_info[:3])'
    return subprocess.check_output([path, '-c', code], universal_newlines=True).strip()


def missing(pythons):
    """The versions that are supported and not among these."""
    minors = {python.minor for python in pythons}
    return [minor for minor in WANTED if minor not in minors]


_LIBRARY_OF = '''
import os, sys, sysconfig
folders = [sysconfig.get_config_var('LIBDIR'),
           os.path.join(sysconfig.get_config_var('LIBDIR'), sysconfig.get_config_var('MULTIARCH') or '')]
for folder in folders:
    path = os.path.join(folder, sysconfig.get_config_var('INSTSONAME') or '')
    if path.endswith(('.so', '.so.1.0')) and os.path.exists(path):
        print(path)
        print(sys.base_prefix)
        break
'''


def library_of(python):
    """(libpython, its home), or nothing where that Python has none."""
    return python.evaluate(_LIBRARY_OF).splitlines()
