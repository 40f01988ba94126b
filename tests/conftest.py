"""Fixtures, options and markers of the tests. tests/README.md says how to use them."""
import functools
import os
import random
import shutil
import subprocess
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'support'))
pytest.register_assert_rewrite('runs')
import built  # noqa: E402 (found by the lines above)
import pythons  # noqa: E402
import runs  # noqa: E402

_PYTHONS = pytest.StashKey()
_BUILD = pytest.StashKey()
MARKERS = (
    'needs(program, ...): skipped where a program is not installed',
    'needs_root: skipped for other users',
    'needs_namespaces(option, ...): skipped where unshare(1) with these options fails, as in most containers',
    'one_python: does not depend on the Python; runs under one of them',
    'stable_abi: loads a module of ours, which free-threaded Pythons cannot',
    'known_python: skipped under a Python whose frames the library cannot read',
    'probed_python: skipped under a Python that cannot be traced by probes',
    'slow: takes minutes; runs with -m slow or --soak',
    'soak(part): the long version belongs to this part of scripts/soak',
)


def pytest_addoption(parser):
    group = parser.getgroup('pymemflow')
    group.addoption('--build-dir', metavar='DIR',
                    help='the build to test (build/ci or build/dev of the checkout)')
    group.addoption('--pythons', metavar='WORD,...', default='',
                    help='the Pythons to run programs under: 3.11, 3.13t, 3.11.7, debian-3.11.2, a path')
    group.addoption('--seed', metavar='NUMBER', type=int, help='the seed of random tests')
    group.addoption('--soak', metavar='PART', help='the long versions of a part of scripts/soak')


def pytest_configure(config):
    for marker in MARKERS:
        config.addinivalue_line('markers', marker)


# ------------------------------------------------------------------------------------- the build
def _build_folder(config):
    """The folder that the option names, or the first preset with tests that is built."""
    folders = [os.path.join(built.ROOT, 'build', preset) for preset in ('ci', 'dev', 'release')]
    return (config.getoption('--build-dir') or
            next((folder for folder in folders if built.is_there(folder)), folders[0]))


def pytest_sessionstart(session):
    options = session.config.option
    only_lists = options.collectonly or options.showfixtures or options.show_fixtures_per_test
    folder = _build_folder(session.config)
    if not only_lists and not built.is_there(folder):
        pytest.exit('%s (%s has no library to test)' % (built.BUILD_FIRST, folder), returncode=1)


@pytest.fixture(scope='session')
def build(pytestconfig):
    """The files of the build: build.library, build.command, build.path('storm')."""
    if _BUILD not in pytestconfig.stash:
        pytestconfig.stash[_BUILD] = built.Built(_build_folder(pytestconfig))
    return pytestconfig.stash[_BUILD]


# ------------------------------------------------------------------------------------ the Pythons
def _pythons_of(config):
    if _PYTHONS not in config.stash:
        if hasattr(config, 'workerinput'):
            found = [pythons.Python(*words) for words in config.workerinput['pythons']]
        else:
            words = [word for word in config.getoption('--pythons').split(',') if word]
            found = pythons.find(words)
            if not found:
                raise pytest.UsageError('no Python found for --pythons=%s' % ','.join(words))
        config.stash[_PYTHONS] = found
    return config.stash[_PYTHONS]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """Passes the list to the workers of xdist, so that they need not start every Python again."""
    node.workerinput['pythons'] = [tuple(python) for python in _pythons_of(node.config)]


def pytest_report_header(config):
    found = _pythons_of(config)
    lines = ['build: ' + _build_folder(config),
             'pythons: ' + ' '.join(python.id for python in found)]
    if not config.getoption('--pythons') and pythons.missing(found):
        lines.append('pythons not found, so not tested: ' + ' '.join(pythons.missing(found)))
    return lines


def _why_not(python, definition):
    """The reason why a test is not run under this Python."""
    def has(name):
        return definition.get_closest_marker(name) is not None

    if has('stable_abi') and python.is_free_threaded:
        return 'Python %s is free-threaded: it has no stable ABI' % python.minor
    if (has('known_python') or has('probed_python')) and not python.is_known:
        return 'Python %s is not known to the library' % python.minor
    if has('probed_python') and not python.can_be_probed:
        return 'Python %s cannot be probed' % python.minor
    return None


def pytest_generate_tests(metafunc):
    if 'python' in metafunc.fixturenames:
        chosen = _pythons_of(metafunc.config)
        if metafunc.definition.get_closest_marker('one_python'):
            chosen = chosen[-1:]
        parameters = []
        for python in chosen:
            reason = _why_not(python, metafunc.definition)
            marks = [pytest.mark.skip(reason=reason)] if reason else []
            parameters.append(pytest.param(python, id=python.id, marks=marks))
        metafunc.parametrize('python', parameters, indirect=True, scope='module')
    if 'length' in metafunc.fixturenames:
        metafunc.parametrize('length', [
            'short', pytest.param('long', marks=pytest.mark.slow)], indirect=True)


@pytest.fixture(scope='module')
def python(request):
    """The Python that runs the traced programs: the test is run once for each one found."""
    return request.param


@pytest.fixture(scope='session')
def every_python(pytestconfig):
    """All Pythons that were found or chosen."""
    return _pythons_of(pytestconfig)


@pytest.fixture
def is_last_python(python, every_python):
    """Whether this is the one Python that tests run under which do not depend on it."""
    return python == every_python[-1]


# ---------------------------------------------------------------------------------- running things
@pytest.fixture(scope='module')
def trace(python, build):
    """Runs a program under the library with this Python (tests/support/runs.py: Tracer)."""
    return runs.Tracer(python, build)


@pytest.fixture(scope='session')
def cli(build):
    """Runs the command: cli('report', capture) is Done(status, stdout, stderr)."""
    return runs.Command(build.command)


@pytest.fixture
def folder():
    """A folder of the test's own, which is removed after it: captures are large."""
    path = tempfile.mkdtemp()
    yield path
    shutil.rmtree(path)


@pytest.fixture
def disk(folder):
    """disk(size) mounts a file system of `size` bytes and returns its folder. Skips if mount() is not allowed."""
    mounted = []

    def mount(size):
        path = os.path.join(folder, 'disk%d' % len(mounted))
        os.mkdir(path)
        done = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=%d' % size, 'none', path],
                              stderr=subprocess.PIPE, universal_newlines=True, check=False)
        if done.returncode != 0:
            pytest.skip('may not mount a file system: ' + done.stderr.strip())
        mounted.append(path)
        return path

    yield mount
    for path in mounted:
        subprocess.check_call(['umount', path])


# ------------------------------------------------------------------------------- length and chance
@pytest.fixture
def soak_says(request):
    """soak_says(text): a line for the summary of scripts/soak."""
    return lambda text: request.node.user_properties.append(('soak', text))


class Length:
    """Whether the test runs in its long version."""

    def __init__(self, is_long, say):
        self.is_long = is_long
        self._say = say

    def pick(self, short, long):
        return long if self.is_long else short

    def say(self, text):
        """Adds a line to the summary of scripts/soak."""
        if self.is_long:
            self._say(text)


@pytest.fixture
def length(request, soak_says):
    """length.pick(short, long): returns `short`, or `long` in the long version of the test."""
    return Length(request.param == 'long', soak_says)


@pytest.fixture
def rng(pytestconfig):
    """A random.Random whose seed is printed when the test fails."""
    seed = pytestconfig.getoption('--seed')
    if seed is None:
        seed = random.SystemRandom().randrange(2**32)
    print('random numbers are those of --seed %d' % seed)
    return random.Random(seed)


# --------------------------------------------------------------------------- selection and summary
@functools.lru_cache(maxsize=None)
def _namespace_problem(options):
    words = ['unshare', *options, 'true']
    if shutil.which(words[0]) is None:
        return 'unshare is not installed'
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          universal_newlines=True, check=False)
    return None if done.returncode == 0 else '%s: %s' % (' '.join(words), done.stdout.strip())


def _skip_reason(item):
    for marker in item.iter_markers('needs'):
        for program in marker.args:
            if shutil.which(program) is None:
                return program + ' is not installed'
    if item.get_closest_marker('needs_root') and os.geteuid() != 0:
        return 'only root may do this'
    for marker in item.iter_markers('needs_namespaces'):
        problem = _namespace_problem(marker.args)
        if problem:
            return problem
    return None


def _is_selected(item, config):
    is_slow = item.get_closest_marker('slow') is not None
    part = config.getoption('--soak')
    if part:
        return is_slow and any(part in marker.args for marker in item.iter_markers('soak'))
    return not is_slow or 'slow' in config.option.markexpr


def pytest_collection_modifyitems(config, items):
    selected = [item for item in items if _is_selected(item, config)]
    if len(selected) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if item not in set(selected)])
        items[:] = selected
    for item in items:
        reason = _skip_reason(item)
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_terminal_summary(terminalreporter, config):
    """The lines that scripts/soak looks for."""
    for kind in ('passed', 'failed'):
        for report in terminalreporter.getreports(kind):
            for name, text in report.user_properties if report.when == 'call' else ():
                if name == 'soak':
                    terminalreporter.write_line('soak: ' + text)
    if config.getoption('--soak'):
        for report in terminalreporter.getreports('skipped'):
            terminalreporter.write_line('soak: %s: %s' % (report.nodeid, report.longrepr[2]))
