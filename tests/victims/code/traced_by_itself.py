"""Sets a trace function, a profile function and a debugger, and removes each again."""
import bdb
import sys

import cMemLeak

M = cMemLeak.malloc
EVENTS = []


def callee(size):
    M(size)


def after_return(size):
    callee(size); M(size + 1)


class Plain:
    pass


def note(frame, event, argument):
    if frame.f_code.co_name in ('callee', 'after_return'):
        EVENTS.append((event, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))
    return note


def settrace():
    sys.settrace(note)
    after_return(2000)
    sys.settrace(None)
    print(sys.gettrace())
    Plain()  # creates an instance: from here on there are probes again
    after_return(2010)


def setprofile():
    sys.setprofile(note)
    after_return(2020)
    sys.setprofile(None)


def debugger():
    bdb.Bdb().runcall(after_return, 2030)
    Plain()
    after_return(2040)


for name in sys.argv[1:]:
    globals()[name]()
    print(EVENTS)
