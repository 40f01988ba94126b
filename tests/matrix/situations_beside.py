"""More of situations.py, about things beside the program: other interpreters, switched stacks, trace
functions and the tools that set them, Python's own allocators."""
import ctypes
import sys
import threading

import situations
from situations import absent, here, holding_malloc, malloc, situation


# --------------------------------------------------------------------------------------- interpreters
# It has a malloc() of its own, or, where ctypes cannot be imported, a type that asks for memory.
# Up to 3.11 a thread that has let go of the GIL cannot tell in which of several interpreters it is:
# there is no line then, never a wrong one.
INSIDE = '''
import sys
try:
    import ctypes
    malloc, releasing = ctypes.PyDLL(None).malloc, ctypes.CDLL(None).malloc
    for function in (malloc, releasing):
        function.argtypes, function.restype, more = (ctypes.c_size_t,), ctypes.c_void_p, 0
except ImportError:
    malloc, releasing, more = bytearray, bytearray, 1
lines = []
def here(size, sign=1):
    frame = sys._getframe(1)
    lines.append('[%d, "%s", %d, "%s"]' % (size + more, frame.f_code.co_filename,
                                           sign * frame.f_lineno, frame.f_code.co_name))
    return size
def inside():
    for number in range(20):
        malloc(here(BASE + number * 128))
        releasing(here(BASE + 50000 + number * 128, 1 if sys.version_info >= (3, 12) else -1))
inside()
malloc(here(BASE + 10000))
with open(FILE, 'w') as file:
    file.write('[%s]' % ', '.join(lines))
'''


def run_inside(run, base):
    import json
    import os
    import tempfile
    handle, path = tempfile.mkstemp()
    os.close(handle)
    run('BASE = %d\nFILE = %r\n' % (base, path) + INSIDE)
    with open(path) as file:
        lines = json.load(file)
    os.unlink(path)
    situations.EXPECTED.extend(lines)


@situation
def subinterpreter():
    try:
        from _testcapi import run_in_subinterp
    except ImportError:
        absent('no _testcapi')
    for base in (5000000, 5100000):
        holding_malloc(here())
        run_inside(run_in_subinterp, base)
        holding_malloc(here())


def interpreters_module():
    for name in ('_interpreters', '_xxsubinterpreters'):
        try:
            return __import__(name)
        except ImportError:
            pass
    absent('no module for interpreters')


@situation
def own_gil():
    """Interpreters with a GIL of their own (3.12 on; up to 3.11 they share it), in threads."""
    module = interpreters_module()

    def work(base):
        interpreter = module.create()
        try:
            run_inside(lambda source: module.run_string(interpreter, source), base)
        finally:
            module.destroy(interpreter)
        holding_malloc(here())

    threads = [threading.Thread(target=work, args=(6000000 + 100000 * number,))
               for number in range(4)]
    [thread.start() for thread in threads]
    for _ in range(200):
        holding_malloc(here())
    [thread.join() for thread in threads]


# --------------------------------------------------------------------------------------------- stacks
@situation
def greenlets():
    try:
        import greenlet
    except ImportError:
        absent('no greenlet')

    def one():
        for _ in range(20):
            malloc(here())
            two.switch()

    def another():
        while True:
            malloc(here())
            first.switch()

    first, two = greenlet.greenlet(one), greenlet.greenlet(another)
    first.switch()
    malloc(here())


@situation
def gevent_tasks():
    try:
        import gevent
    except ImportError:
        absent('no gevent')

    def work():
        for _ in range(20):
            malloc(here())
            gevent.sleep(0)
    gevent.joinall([gevent.spawn(work) for _ in range(3)])
    malloc(here())


# -------------------------------------------------------------------------------------------- tracing
def traced_function():
    malloc(here())
    [malloc(here()) for _ in range(2)]
    return malloc(here())


@situation
def trace_and_profile_functions():
    def trace(frame, event, argument):
        if frame.f_code.co_name == 'traced_function':
            malloc(here())
        return trace

    def profile(frame, event, argument):
        if frame.f_code.co_name == 'traced_function':
            malloc(here())

    sys.settrace(trace)
    traced_function()
    sys.settrace(None)
    sys.setprofile(profile)
    traced_function()
    sys.setprofile(None)
    traced_function()


@situation
def monitoring():
    if not hasattr(sys, 'monitoring'):
        absent('no sys.monitoring')
    events = sys.monitoring.events

    def line(code, number):
        if code is traced_function.__code__:
            malloc(here())

    def call(code, offset, function, argument):
        if code is traced_function.__code__:
            malloc(here())

    sys.monitoring.use_tool_id(3, 'matrix')
    sys.monitoring.register_callback(3, events.LINE, line)
    sys.monitoring.register_callback(3, events.CALL, call)
    sys.monitoring.set_events(3, events.LINE | events.CALL)
    traced_function()
    sys.monitoring.set_events(3, 0)
    traced_function()


@situation
def c_profile():
    import cProfile
    profile = cProfile.Profile()
    profile.runcall(traced_function)
    profile.enable()
    traced_function()
    profile.disable()


@situation
def coverage_tool():
    try:
        import coverage
    except ImportError:
        absent('no coverage')
    measured = coverage.Coverage(data_file=None)
    measured.start()
    traced_function()
    measured.stop()
    traced_function()


@situation
def debugger():
    try:
        import debugpy
    except ImportError:
        absent('no debugpy')
    debugpy.listen(('127.0.0.1', 0))
    traced_function()


# ----------------------------------------------------------------------------------------- allocators
@situation
def objects():
    """Objects larger than pymalloc's: asked of malloc() under every PYTHONMALLOC but mimalloc."""
    import sysconfig
    import os
    is_own = (bool(sysconfig.get_config_var('Py_GIL_DISABLED')) or
              os.environ.get('PYTHONMALLOC') == 'mimalloc')
    for _ in range(10):
        if is_own:
            bytearray(situations.nowhere() - 1)
        else:
            bytearray(here() - 1)
    malloc(here())
