"""The state of a thread is found without a call: with the GIL and without, on threads of Python and of C,
also when states come and go; beside a subinterpreter; in a forked child."""
import ctypes
import os
import platform
import sys
import threading

import probe

probe.require_known()
ASKED, WRONG = 1, 2  # results of probe_at_once()
# Where the interpreter's functions have to be called, nothing is known without asking.
CALLED = ASKED if platform.machine() != "x86_64" or not ctypes.CDLL(None).gnu_get_libc_version else 0


def expect(place, result, worst=CALLED):
    if result > worst:
        probe.fail(place, "wrong" if result == WRONG else "the interpreter was asked")


def read(place, worst=CALLED):
    # The first read may learn.
    expect(place + ", first", probe.released.probe_at_once(), ASKED)
    for library in (probe.released, probe.holding):
        expect(place, library.probe_at_once(), worst)


read("the main thread")
rounds = threading.Barrier(4)


def work():
    for _ in range(100):
        rounds.wait()
        read("a thread of Python")


threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()

# With the GIL free, and beside threads that take it.
for library in (probe.released,):
    expect("a thread of C", library.probe_at_once_on_foreign_thread(500))

# Threads that end and begin: a new state at the old place, a thread id used again.
for _ in range(200):
    thread = threading.Thread(target=lambda: read("a short thread"))
    thread.start()
    thread.join()

try:
    from _testcapi import run_in_subinterp
except ImportError:
    run_in_subinterp = None
if run_in_subinterp is not None:
    # Up to 3.11 a thread without the GIL cannot tell in which interpreter it is. The probe is one
    # library: what the subinterpreter finds is that of this process.
    source = """
import ctypes
released, holding = ctypes.CDLL(%r), ctypes.PyDLL(%r)
for library in (released, holding, released, holding):
    if library.probe_at_once() > %d:
        raise SystemExit("in a subinterpreter: wrong")
""" % (os.environ["PMF_PYFRAME_PROBE"], os.environ["PMF_PYFRAME_PROBE"], ASKED)
    if run_in_subinterp(source) != 0:
        probe.fail("the subinterpreter failed")
    read("after a subinterpreter")

child = os.fork()
if child == 0:
    # The interpreter makes its key again.
    for _ in range(3):
        expect("a forked child, first", probe.released.probe_at_once(), ASKED)
    read("a forked child")
    expect("a thread of C in a forked child", probe.released.probe_at_once_on_foreign_thread(100))
    os._exit(0)
_, status = os.waitpid(child, 0)
if status != 0:
    probe.fail("the child ended with", status)
print("0 of", probe.compared, "wrong")
