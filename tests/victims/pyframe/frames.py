"""In every situation, file, function, line and instruction equal those of PyEval_GetFrame().

    frames.py [SITUATION...]    one of SITUATIONS; all if there is no argument
"""
import asyncio
import contextlib
import functools
import sys
import threading

import probe
from probe import BUFFERS, agree, with_gil, without_gil

probe.require_known()


def plain(ask):
    ask(*BUFFERS)
    agree("plain")


def over_several_lines(ask):
    ask(
        BUFFERS[0],
        BUFFERS[1],
        # a line of its own
        int(
            str(BUFFERS[2])
        ),
    )
    agree("over_several_lines")


def after_calls(ask):
    plain(ask)
    result = [plain(ask), ask(*BUFFERS),
              len("x")]
    agree("after_calls")
    return result


def in_comprehension(ask):
    [ask(*BUFFERS) for _ in range(3)]
    agree("in_comprehension" if sys.version_info >= (3, 12) else "<listcomp>")
    {ask(*BUFFERS): 1
     for _ in range(3)}
    agree("in_comprehension" if sys.version_info >= (3, 12) else "<dictcomp>")
    list(ask(*BUFFERS) for _ in range(3))
    agree("<genexpr>")


def in_generator(ask):
    def generator():
        ask(*BUFFERS)
        agree("generator")
        received = yield 1
        ask(*BUFFERS)
        agree("generator")
        yield from inner(received)
        ask(*BUFFERS)
        agree("generator")

    def inner(value):
        ask(*BUFFERS)
        agree("inner")
        yield value

    running = generator()
    next(running)
    ask(*BUFFERS)
    agree("in_generator")
    running.send(2)
    list(running)


def in_class_body(ask):
    class Body:
        ask(*BUFFERS)
        agree("Body")

        def method(self):
            ask(*BUFFERS)
            agree("method")

        @property
        def read(self):
            ask(*BUFFERS)
            agree("read")

        def __del__(self):
            ask(*BUFFERS)
            agree("__del__")

        def __lt__(self, other):
            ask(*BUFFERS)
            agree("__lt__")
            return True

    body = Body()
    body.method()
    body.read
    sorted([body, body])
    del body


def in_lambda(ask):
    call = lambda: ask(
        *BUFFERS)
    call()
    agree("<lambda>")
    sorted([2, 1], key=lambda value: ask(*BUFFERS) or value)
    agree("<lambda>")
    functools.partial(call)()
    agree("<lambda>")


def decorate(function):
    @functools.wraps(function)
    def wrapper(ask):
        ask(*BUFFERS)
        agree("wrapper")
        return function(ask)
    return wrapper


@decorate
@decorate
def decorated(ask):
    ask(*BUFFERS)
    agree("decorated")


def in_coroutine(ask):
    async def asynchronous():
        ask(*BUFFERS)
        agree("asynchronous")
        await asyncio.sleep(0)
        ask(*BUFFERS)
        agree("asynchronous")
        async for _ in steps():
            ask(*BUFFERS)
            agree("asynchronous")

    async def steps():
        for step in range(2):
            ask(*BUFFERS)
            agree("steps")
            yield step

    loop = asyncio.new_event_loop()
    loop.run_until_complete(asynchronous())
    loop.close()


def in_handlers(ask):
    try:
        try:
            raise ValueError
        except ValueError:
            ask(*BUFFERS)
            agree("in_handlers")
            raise
        finally:
            ask(*BUFFERS)
            agree("in_handlers")
    except ValueError as error:
        ask(*BUFFERS)
        agree("in_handlers")
        del error
    with contextlib.suppress(KeyError):
        ask(*BUFFERS)
        agree("in_handlers")
        {}[ask(*BUFFERS)]
    agree("in_handlers")


def in_closure(ask):
    count = 0

    def closure():
        nonlocal count
        count += 1
        ask(*BUFFERS)
        agree("closure")

    closure()
    assert count == 1


def in_loop(ask):
    # The specialising interpreter changes the instructions as it goes, and a JIT more so.
    def repeated():
        ask(*BUFFERS)
        agree("repeated")

    for _ in range(3000):
        repeated()


def deep(ask, depth=200):
    if depth:
        return deep(ask, depth - 1)
    ask(*BUFFERS)
    agree("deep")


def while_traced(ask):
    def trace(frame, event, argument):
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    plain(ask)
    in_generator(ask)
    sys.settrace(before)


def in_executed_code(ask):
    for filename in ("<string>", "executed", "", "/a/long/path" * 100, "caf\xe9.py",
                     "\u65e5\u672c\u8a9e.py", "\U0001f40d.py", "lone\udce9.py"):
        source = "\n\nask(*buffers)\n\nif True:\n  ask(*buffers)"
        exec(compile(source, filename, "exec"), {"ask": ask, "buffers": BUFFERS})
        agree("<module>", filename)
    for name in ("caf\xe9", "\u65e5\u672c", "\U0001d4d0\u0434"):
        scope = {"ask": ask, "buffers": BUFFERS}
        exec("def %s():\n  ask(*buffers)\n%s()" % (name, name), scope)
        agree([key for key in scope if getattr(scope[key], "__code__", None)][0])
    eval("ask(*buffers)", {"ask": ask, "buffers": BUFFERS})
    agree("<module>", "<string>")


def in_very_long_code(ask):
    """More than 64 KiB of instructions, with EXTENDED_ARG, and calls at its ends and middle."""
    lines = ["def very_long():", "  ask(*buffers); agree('very_long')"]
    for number in range(24000):
        lines.append("  x = %d.5" % number)
        if number % 1000 == 0:
            lines.append("  ask(\n    *buffers)\n  agree('very_long')")
    scope = {"ask": ask, "buffers": BUFFERS, "agree": agree}
    exec("\n".join(lines), scope)
    assert len(scope["very_long"].__code__.co_code) > 65536
    scope["very_long"]()


def at_return(ask):
    """The locals of a function that C called die when no frame of Python's own is on top."""
    def leave(value):
        dies_at_return = probe.make_asking()
        return value

    list(map(
        leave,
        [1]))
    probe.take_destruction(*BUFFERS)
    agree("at_return")
    leave(1)
    probe.take_destruction(*BUFFERS)
    agree("at_return")
    dies_here = probe.make_asking()
    del dies_here
    probe.take_destruction(*BUFFERS)
    agree("at_return")


def in_threads(ask):
    import ctypes
    errors = []

    def work(number):
        ours = ctypes.create_string_buffer(4096)
        theirs = ctypes.create_string_buffer(4096)
        try:
            for _ in range(300):
                ask(ours, theirs, 4096)
                agree("work", ours=ours, theirs=theirs)
                [ask(ours, theirs,
                     4096) for _ in range(1)]
                agree("work" if sys.version_info >= (3, 12) else "<listcomp>",
                      ours=ours, theirs=theirs)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not errors, errors


SITUATIONS = (plain, over_several_lines, after_calls, in_comprehension, in_generator,
              in_class_body, in_lambda, decorated, in_coroutine, in_handlers, in_closure, in_loop,
              deep, while_traced, in_executed_code, in_very_long_code, at_return, in_threads)
for situation in SITUATIONS:
    if sys.argv[1:] and situation.__name__ not in sys.argv[1:]:
        continue
    for way in (with_gil, without_gil):
        situation(way)
with_gil(*BUFFERS)
agree("<module>", __file__)
print(probe.compared, "comparisons")
