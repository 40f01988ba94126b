"""The pytest plugin: `pytest --pymemflow` runs the tests under the library and checks their limits.

    @pytest.mark.max_growth("64KiB", runs=5)    runs the test five times, the first time to warm up;
                                                fails it when the same sites leak in each of the
                                                other runs, together more than that per run
    @pytest.mark.max_leak("1MiB")               fails the test when it leaves more than that behind
    @pytest.mark.max_peak("100MiB")             fails the test when its live memory rises by more
                                                than that above its start

Without `--pymemflow` the marks are accepted and check nothing.
"""

from typing import Any, Generator

import pytest

import pymemflow
from pymemflow.pytest_plugin import limits, restart


def pytest_addoption(parser: "pytest.Parser") -> None:
    group = parser.getgroup("pymemflow", "memory")
    group.addoption(
        "--pymemflow",
        action="store_true",
        help="run under pymemflow, and check the limits of the tests",
    )
    group.addoption(
        "--pymemflow-library",
        metavar="FILE",
        help="preload FILE instead of the library of the package",
    )
    group.addoption(
        "--pymemflow-limit-leaks",
        metavar="SIZE",
        help="limit of leaks per run, for tests without the mark max_growth or max_leak",
    )
    group.addoption(
        "--pymemflow-full-stacks",
        action="store_true",
        help="show all callers of what leaks, not at most five (needs PYMEMFLOW_STACK=python)",
    )
    parser.addini("pymemflow_limit_leaks", "default of --pymemflow-limit-leaks", default="")


# The first of all plugins: otherwise pytest's capturing keeps what the new process prints.
@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: "pytest.Config") -> Generator[None, Any, None]:
    options = early_config.known_args_namespace
    if getattr(options, "pymemflow", False) and not pymemflow.is_active():
        restart.restart(options.pymemflow_library)
    yield


def pytest_configure(config: "pytest.Config") -> None:
    for name, meaning in (
        (
            "max_growth(size, runs=5)",
            "fail the test when each of its runs but the first leaks, more than `size` per run",
        ),
        ("max_leak(size)", "fail the test when it leaves more than `size` behind"),
        (
            "max_peak(size)",
            "fail the test when its live memory rises by more than `size` above its start",
        ),
        ("limit_leaks(size, runs=5)", "the old name of max_growth"),
        ("limit_peak(size)", "the old name of max_peak"),
    ):
        config.addinivalue_line("markers", "%s: %s" % (name, meaning))
    if not config.getoption("--pymemflow"):
        return
    if not pymemflow.is_active():
        raise pytest.UsageError("--pymemflow: this process does not run under the library")
    restart.is_over()
    config.pluginmanager.register(limits.Limits(config), "pymemflow-limits")
