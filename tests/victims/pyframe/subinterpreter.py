"""In a subinterpreter the frame is the subinterpreter's."""
import os
import sys

import probe

probe.require_known()
try:
    from _testcapi import run_in_subinterp
except ImportError:
    print("skipped: this Python has no _testcapi")
    sys.exit(77)

SOURCE = """
import sys
sys.path[:] = %r
import probe
def inside():
    probe.with_gil(*probe.BUFFERS)
    probe.agree("inside", "<string>")
inside()
print("compared inside:", probe.compared)
sys.stdout.flush()
""" % (sys.path,)


def outside():
    if run_in_subinterp(SOURCE) != 0:
        probe.fail("the subinterpreter could not run")
    probe.with_gil(*probe.BUFFERS)
    probe.agree("outside")


outside()
