"""The pytest plugin: `pytest --pymemflow`.

    @pytest.mark.limit_leaks("64KiB", runs=5)   five runs, the first to warm up; fails when every
                                                other one leaks, together more than that a run
    @pytest.mark.limit_peak("100MiB")           fails when the test holds more at any moment than when
                                                it began

`--pymemflow` starts pytest again under the library, with the same arguments; so do the workers of
xdist run under it. Without it the marks are checked for sense, and hold no test up.
"""
import functools
import gc
import os
import sys

import pytest

import pymemflow

_MARK = "pymemflow test"
_RESTARTED = "_PYMEMFLOW_PYTEST"
_DEFAULT_RUNS = 5
# How the library is put in front of a program, and what its path may not have then.
if sys.platform == "darwin":
    _LIBRARY, _VARIABLE, _NOT_IN_PATH = "libpymemflow.dylib", "DYLD_INSERT_LIBRARIES", {":": "a colon"}
else:
    _LIBRARY, _VARIABLE = "libpymemflow.so", "LD_PRELOAD"
    _NOT_IN_PATH = {" ": "a blank", ":": "a colon", "$": "a $"}


def pytest_addoption(parser):
    group = parser.getgroup("pymemflow", "memory")
    group.addoption("--pymemflow", action="store_true",
                    help="run under pymemflow, and hold tests against their limits")
    group.addoption("--pymemflow-library", metavar="FILE",
                    help="the library to preload, instead of the one of the package")
    group.addoption("--pymemflow-limit-leaks", metavar="SIZE",
                    help="what a run of any test may leak, where no mark says otherwise")
    parser.addini("pymemflow_limit_leaks", "the same, for every run of pytest", default="")


# --- under the library ---------------------------------------------------------------------------

def _find_library(option):
    """The path of the library; None: it is nowhere."""
    here = os.path.dirname(os.path.abspath(pymemflow.__file__))
    build = os.path.join(os.path.dirname(os.path.dirname(here)), "build", "release")
    for path in [option] if option else [os.path.join(here, _LIBRARY),
                                         os.path.join(build, _LIBRARY)]:
        if os.path.exists(path):
            return os.path.abspath(path)
    return None


def _command_line():
    """What started this pytest, so that it can be started again."""
    original = getattr(sys, "orig_argv", None)  # from 3.10 on
    if original is not None:
        return [sys.executable] + original[1:]
    is_module = os.path.basename(sys.argv[0]) == "__main__.py"
    return [sys.executable] + (["-m", "pytest"] if is_module else sys.argv[:1]) + sys.argv[1:]


def _start_again(option):
    library = _find_library(option)
    if library is None:
        raise pytest.UsageError("--pymemflow: %s is not there: build it (scripts/build) or name it with "
                                "--pymemflow-library FILE" % _LIBRARY)
    for character, name in _NOT_IN_PATH.items():
        if character in library:
            raise pytest.UsageError("--pymemflow: the path of the library has %s, which %s cannot have: "
                                    "%s" % (name, _VARIABLE, library))
    if os.environ.get(_RESTARTED):
        raise pytest.UsageError("--pymemflow: the library was preloaded, but does not record here; "
                                "`pymemflow doctor %s` says why" % sys.executable)
    others = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = library + (":" + others if others else "")
    os.environ[_RESTARTED] = "1"
    # The record is looked at while it grows; nobody asked for a report at the end.
    if "PYMEMFLOW_CAPTURE" not in os.environ:
        os.environ.setdefault("PYMEMFLOW_OUTPUT", os.devnull)
    sys.stdout.flush()
    sys.stderr.flush()
    command = _command_line()
    os.execv(command[0], command)


# Around all others: pytest's capturing would keep what the new process prints.
@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config):
    options = early_config.known_args_namespace
    if getattr(options, "pymemflow", False) and not pymemflow.is_active():
        _start_again(options.pymemflow_library)
    yield


def pytest_configure(config):
    config.addinivalue_line("markers", "limit_leaks(size, runs=5): fail the test when each of its runs "
                            "but the first leaks, together more than `size` a run")
    config.addinivalue_line("markers", "limit_peak(size): fail the test when it holds more than `size` "
                            "at any moment")
    if not config.getoption("--pymemflow"):
        return
    if not pymemflow.is_active():
        raise pytest.UsageError("--pymemflow: this process does not run under the library")
    os.environ.pop(_RESTARTED, None)
    config.pluginmanager.register(_Limits(config), "pymemflow-limits")


# --- limits --------------------------------------------------------------------------------------

def _size(value, what):
    try:
        return pymemflow.parse_size(value)
    except ValueError as error:
        raise pytest.UsageError("%s: %s" % (what, error))


class _Leaks:
    """What the marks of a test allow it to leak."""

    def __init__(self, allowed, runs):
        self.allowed = allowed
        self.runs = runs

    @classmethod
    def of(cls, item, default):
        mark = item.get_closest_marker("limit_leaks")
        if mark is None:
            return None if default is None else cls(default, _DEFAULT_RUNS)
        runs = mark.kwargs.get("runs", mark.args[1] if len(mark.args) > 1 else _DEFAULT_RUNS)
        size = mark.kwargs.get("size", mark.args[0] if mark.args else None)
        if not isinstance(runs, int) or runs < 2:
            raise pytest.UsageError("limit_leaks of %s: runs=%r is no number from 2 on"
                                    % (item.nodeid, runs))
        return cls(_size(size, "limit_leaks of " + item.nodeid), runs)


def _peak_of(item):
    mark = item.get_closest_marker("limit_peak")
    if mark is None:
        return None
    size = mark.kwargs.get("size", mark.args[0] if mark.args else None)
    return _size(size, "limit_peak of " + item.nodeid)


def leaked_each_run(growths):
    """Of places that grew in each run: the least that they grew by, the largest first."""
    least = {}
    for place in growths[0].places:
        if place.bytes > 0:
            least[place.name, place.file] = place
    for growth in growths[1:]:
        now = {(place.name, place.file): place for place in growth.places if place.bytes > 0}
        least = {key: min(place, now[key], key=lambda each: each.bytes)
                 for key, place in least.items() if key in now}
    return sorted(least.values(), key=lambda place: (-place.bytes, place.name))


class OverLimit(Exception):
    """Its text is all that pytest is to show."""


class _Limits:
    def __init__(self, config):
        option = config.getoption("--pymemflow-limit-leaks") or config.getini("pymemflow_limit_leaks")
        self.default = _size(option, "pymemflow_limit_leaks") if option else None
        self.is_worker = hasattr(config, "workerinput")
        self.held = 0
        self.failed = []

    def pytest_collection_modifyitems(self, items):
        for item in items:
            _Leaks.of(item, self.default)
            _peak_of(item)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item):
        leaks, peak = _Leaks.of(item, self.default), _peak_of(item)
        if leaks is None and peak is None:
            yield
            return
        original = item.runtest
        item.runtest = functools.partial(self._run, item, original, leaks, peak)
        yield
        item.runtest = original

    def _run(self, item, original, leaks, peak):
        growths = []
        for _ in range(leaks.runs if leaks else 1):
            gc.collect()
            pymemflow.mark(_MARK)
            original()
            gc.collect()
            growths.append(pymemflow.growth_since(_MARK))
        self._judge(item, leaks, peak, growths)

    @staticmethod
    def _judge(item, leaks, peak, growths):
        problems = []
        if leaks is not None:
            places = leaked_each_run(growths[1:])
            leaked = sum(place.bytes for place in places)
            item.user_properties.append(("pymemflow_leaked_bytes_a_run", leaked))
            if leaked > leaks.allowed:
                blocks = pymemflow.counted(sum(place.blocks for place in places), "block")
                problems.append("leaks %d bytes in %s each run; limit_leaks allows %d bytes\n%s"
                                % (leaked, blocks, leaks.allowed, pymemflow.describe(places)))
        most = max(growth.peak_bytes for growth in growths)
        item.user_properties.append(("pymemflow_peak_bytes", most))
        if peak is not None and most > peak:
            problems.append("held up to %d bytes more than at its start; limit_peak allows %d bytes"
                            % (most, peak))
        if problems:
            raise OverLimit("\n".join(problems))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item, call):
        outcome = yield
        report = outcome.get_result()
        if call.when != "call":
            return
        if call.excinfo is not None and isinstance(call.excinfo.value, OverLimit):
            report.longrepr = "%s %s" % (item.nodeid, call.excinfo.value)
            report.user_properties = list(item.user_properties) + [("pymemflow_over_limit", 1)]

    # Reports of workers come to the process that started them: there is one summary.
    def pytest_runtest_logreport(self, report):
        properties = dict(report.user_properties)
        if report.when != "call" or "pymemflow_peak_bytes" not in properties:
            return
        self.held += 1
        if "pymemflow_over_limit" in properties:
            self.failed.append(report.nodeid)

    def pytest_terminal_summary(self, terminalreporter):
        if self.is_worker:
            return
        terminalreporter.section("pymemflow", sep="-")
        terminalreporter.line("%s held against limits of memory, %d over them"
                              % (pymemflow.counted(self.held, "test"), len(self.failed)))
        for nodeid in self.failed:
            terminalreporter.line("  " + nodeid)

