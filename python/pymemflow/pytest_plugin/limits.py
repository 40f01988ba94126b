"""Measures tests, and fails those that are over their limits.

One object per process of pytest, used on its main thread. What other threads leak during a test
counts.
"""

import functools
import unittest
from typing import Any, Callable, Dict, Generator, Iterator, List, NamedTuple, Optional, Tuple

import pytest
from _pytest._code.code import ReprEntryNative, ReprExceptionInfo, ReprFileLocation, ReprTraceback

import pymemflow
from pymemflow._growth import MappedGrowth, describe_mapped, mapped_each_run
from pymemflow._native import settle
from pymemflow._rounds import leaked_each_run

_MARK = "pymemflow test"
_DEFAULT_RUNS = 5
# Properties of a report: in JUnit files, and on their way from a worker of xdist.
_LEAKED = "pymemflow_leaked_bytes_per_run"
_PEAK = "pymemflow_peak_bytes"
_OVER = "pymemflow_over_limit"
_MAPPED = "pymemflow_mapped"  # within the limits, but memory was mapped


class LeakLimit(NamedTuple):
    """The limit of leaks of a test: `allowed` bytes per run. The first of several runs warms up."""

    name: str  # of the mark or the option
    allowed: int
    runs: int


class PeakLimit(NamedTuple):
    """The limit of the peak of a test, in bytes above its start."""

    name: str
    allowed: int


def _parse_size(size: Any, where: str) -> int:
    try:
        return pymemflow.parse_size(size)
    except ValueError as error:
        raise pytest.UsageError("%s: %s" % (where, error)) from None


def _leak_arguments(size: Any = None, runs: Any = _DEFAULT_RUNS) -> Tuple[Any, Any]:
    return size, runs


def _size_argument(size: Any = None) -> Any:
    return size


def _arguments(read: Callable[..., Any], mark: "pytest.Mark", where: str) -> Any:
    try:
        return read(*mark.args, **mark.kwargs)
    except TypeError as error:
        text = str(error).partition("() ")[2]
        raise pytest.UsageError("%s: the mark %s" % (where, text)) from None


def _closest(item: "pytest.Item", *names: str) -> Optional["pytest.Mark"]:
    """Returns the closest mark of one of these names.

    limit_leaks and limit_peak are the old names. pytest-memray has a mark limit_leaks of its own.
    """
    is_memray = item.config.pluginmanager.hasplugin("memray")
    wanted = [name for name in names if not (is_memray and name.startswith("limit_"))]
    return next((mark for mark in item.iter_markers() if mark.name in wanted), None)


def leak_limit_of(item: "pytest.Item", default: Optional[int]) -> Optional[LeakLimit]:
    """Returns the limit of a test, or None. Raises UsageError for a bad mark."""
    mark = _closest(item, "max_leak", "max_growth", "limit_leaks")
    if mark is None:
        return None if default is None else LeakLimit("limit_leaks", default, _DEFAULT_RUNS)
    where = "%s of %s" % (mark.name, item.nodeid)
    if mark.name == "max_leak":
        return LeakLimit(mark.name, _parse_size(_arguments(_size_argument, mark, where), where), 1)
    size, runs = _arguments(_leak_arguments, mark, where)
    if not isinstance(runs, int) or runs < 2:
        raise pytest.UsageError("%s: runs=%r is not a number of at least 2" % (where, runs))
    return LeakLimit(mark.name, _parse_size(size, where), runs)


def peak_limit_of(item: "pytest.Item") -> Optional[PeakLimit]:
    """Returns the limit of a test, or None. Raises UsageError for a bad mark."""
    mark = _closest(item, "max_peak", "limit_peak")
    if mark is None:
        return None
    where = "%s of %s" % (mark.name, item.nodeid)
    return PeakLimit(mark.name, _parse_size(_arguments(_size_argument, mark, where), where))


def _representation(item: "pytest.Item", problems: List[str]) -> Any:
    """Returns a failure for a report: its text, and the reason for the short summary."""
    path, line, _ = item.location
    text = "%s %s\n" % (item.nodeid, "\n".join(problems))
    reason = "; ".join(problem.split("\n")[0] for problem in problems)
    return ReprExceptionInfo(
        ReprTraceback([ReprEntryNative(text.splitlines(keepends=True))], None, "native"),
        ReprFileLocation(path, (line or 0) + 1, reason),
    )


def _state_of(item: "pytest.Item") -> Iterator[Dict[str, Any]]:
    """Yields the dictionaries that a run changes and the next run must find unchanged.

    These are the attributes of a TestCase (IsolatedAsyncioTestCase refuses a second run), and the
    names of a doctest, which clears them.
    """
    testcase = getattr(item, "instance", None)
    if isinstance(testcase, unittest.TestCase):
        yield vars(testcase)
    names = getattr(getattr(item, "dtest", None), "globs", None)
    if isinstance(names, dict):
        yield names


class _Measurement:
    """Runs a test as often as its limits ask for, and keeps the growth of each run.

    Stops at the first run that fails or cannot be measured.
    """

    def __init__(
        self,
        item: "pytest.Item",
        leaks: Optional[LeakLimit],
        peak: Optional[PeakLimit],
        full_stacks: Optional[bool] = None,
    ) -> None:
        self.item = item
        self.leaks = leaks
        self.peak = peak
        self.full_stacks = full_stacks
        self.runs = leaks.runs if leaks else 1
        self.begun = 0
        self.growths: List[pymemflow.Growth] = []
        self.is_running = False
        self.has_failed_subtest = False
        self.problem = ""  # why the last run could not be measured

    def run(self, runtest: Callable[[], None]) -> None:
        self.is_running = True
        try:
            self._run(runtest)
        finally:
            self.is_running = False

    def _run(self, runtest: Callable[[], None]) -> None:
        saved = [(state, dict(state)) for state in _state_of(self.item)]
        while self.begun < self.runs and not self.problem and not self._has_failed():
            self.begun += 1
            settle()
            self._try(self._mark)
            # After the mark, so that what the last run left there is replaced and has not grown.
            for state, before in saved if self.begun > 1 else ():
                state.clear()
                state.update(before)
            runtest()
            if self.begun < self.runs:
                self._tear_down()
            settle()
            self._try(self._measure)

    def _has_failed(self) -> bool:
        # A TestCase raises nothing: pytest keeps its failure, skip or expected failure here.
        return self.has_failed_subtest or bool(getattr(self.item, "_excinfo", None))

    def _tear_down(self) -> None:
        """Calls the tearDown() of a TestCase, which `pytest --pdb` puts off until the very end."""
        tear_down = getattr(self.item, "_explicit_tearDown", None)
        if tear_down is not None:
            tear_down()

    def _try(self, step: Callable[[], None]) -> None:
        try:
            step()
        except OSError as error:
            reason = str(error.strerror).replace("pymemflow: ", "")
            self.problem = self.problem or "cannot be measured: " + reason

    @staticmethod
    def _mark() -> None:
        pymemflow.mark(_MARK)

    def _measure(self) -> None:
        growth = pymemflow.growth_since(_MARK)
        if growth is not None:
            self.growths.append(growth)

    def _describe(self, sites: List[pymemflow.Site], mapped: List[MappedGrowth]) -> str:
        lines = pymemflow.describe(sites, full_stacks=self.full_stacks), describe_mapped(mapped)
        return "\n".join(filter(None, lines))

    def _mapped_in_silence(self) -> Dict[str, str]:
        """Returns what the runs but the first mapped, and no limit is about, as a property."""
        grown: Dict[str, List[MappedGrowth]] = {}
        for growth in self.growths[1:] or self.growths:
            for each in growth.mapped:
                if each.counts:
                    grown.setdefault(each.name, []).append(each)
        largest = [
            max(each, key=lambda one: one.bytes)._replace(bytes=sum(one.bytes for one in each))
            for each in grown.values()
        ]
        text = "; ".join(describe_mapped([each]).strip() for each in largest)
        return {_MAPPED: text} if text else {}

    def judge(self) -> Tuple[Dict[str, Any], List[str]]:
        """Returns the measured properties of a test, and a text for each limit that it is over."""
        if self.problem:
            return {}, [self.problem]
        properties: Dict[str, Any] = {}
        problems = []
        if self.leaks is not None:
            # The only run has no warm-up.
            sites = leaked_each_run(self.growths[1:] or self.growths)
            mapped = mapped_each_run(self.growths[1:]) if self.growths[1:] else []
            leaked = sum(site.bytes for site in sites) + sum(each.bytes for each in mapped)
            properties[_LEAKED] = leaked
            if leaked > self.leaks.allowed:
                blocks = pymemflow.counted(sum(site.blocks for site in sites), "block")
                problems.append(
                    "leaks %d bytes in %s%s; %s allows %d bytes\n%s"
                    % (
                        leaked,
                        blocks,
                        " each run" if self.leaks.runs > 1 else "",
                        self.leaks.name,
                        self.leaks.allowed,
                        self._describe(sites, mapped),
                    )
                )
        if not problems:
            properties.update(self._mapped_in_silence())
        peak = max(growth.rise_bytes for growth in self.growths)
        properties[_PEAK] = peak
        if self.peak is not None and peak > self.peak.allowed:
            problems.append(
                "live memory rose by %d bytes above its start; %s allows %d bytes"
                % (peak, self.peak.name, self.peak.allowed)
            )
        return properties, problems


class Limits:
    """The hooks that measure tests, registered in a process that runs under the library."""

    def __init__(self, config: "pytest.Config") -> None:
        option = config.getoption("--pymemflow-limit-leaks") or config.getini(
            "pymemflow_limit_leaks"
        )
        self.default = _parse_size(option, "pymemflow_limit_leaks") if option else None
        # None: by the variable PYMEMFLOW_FULL_STACKS.
        self.full_stacks = True if config.getoption("--pymemflow-full-stacks") else None
        self.is_worker = hasattr(config, "workerinput")  # of xdist
        self.measurement: Optional[_Measurement] = None
        self.checked = 0
        self.over: List[str] = []
        self.mapped: List[str] = []  # tests within their limits that mapped memory

    def pytest_collection_modifyitems(self, items: List["pytest.Item"]) -> None:
        for item in items:  # bad marks are reported before any test runs
            leak_limit_of(item, self.default)
            peak_limit_of(item)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item: "pytest.Item") -> Generator[None, Any, None]:
        leaks, peak = leak_limit_of(item, self.default), peak_limit_of(item)
        if leaks is None and peak is None:
            yield
            return
        self.measurement = _Measurement(item, leaks, peak, self.full_stacks)
        attributes = vars(item)
        other = attributes.get("runtest")  # of another plugin
        attributes["runtest"] = functools.partial(self.measurement.run, item.runtest)
        yield
        attributes.pop("runtest")
        if other is not None:
            attributes["runtest"] = other

    # The outermost, so that it sees whether the test is xfailed or has a failed subtest.
    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: "pytest.Item", call: "pytest.CallInfo[None]"
    ) -> Generator[None, Any, None]:
        outcome = yield
        measurement = self.measurement
        if call.when != "call" or measurement is None or measurement.is_running:
            return  # a measurement that is running has a report of a subtest
        self.measurement = None
        report = outcome.get_result()
        if report.failed and call.excinfo is not None and measurement.begun > 1:
            runs = (measurement.begun, measurement.runs)
            text = "Failed in run %d of %d, which its limit asks for." % runs
            report.sections.append(("pymemflow", text))
        if not report.passed or hasattr(report, "wasxfail") or measurement.has_failed_subtest:
            return  # failures, skips, and expected failures are left alone
        properties, problems = measurement.judge()
        item.user_properties.extend(properties.items())
        report.user_properties = list(item.user_properties)
        if problems:
            report.outcome = "failed"
            report.longrepr = _representation(item, problems)
            report.user_properties.append((_OVER, 1))

    # Reports of xdist's workers arrive here too: there is one summary.
    def pytest_runtest_logreport(self, report: "pytest.TestReport") -> None:
        if self.measurement is not None:  # of a subtest: the test itself has no report yet
            self.measurement.has_failed_subtest |= report.failed
            return
        names = dict(report.user_properties)
        if report.when == "call" and (_PEAK in names or _OVER in names):
            self.checked += 1
            if _OVER in names:
                self.over.append(report.nodeid)
            elif _MAPPED in names:
                self.mapped.append("%s: %s" % (report.nodeid, names[_MAPPED]))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.is_worker:
            return
        terminalreporter.section("pymemflow", sep="-")
        terminalreporter.line(
            "%s measured, %d over a memory limit"
            % (pymemflow.counted(self.checked, "test"), len(self.over))
        )
        for nodeid in self.over:
            terminalreporter.line("  " + nodeid)
        for text in self.mapped:
            terminalreporter.line("  within its limits: " + text)
