"""Native stacks (--stack native) of real programs: they are what the compiler's own unwinder finds in the same
call of malloc() (tests/victims/stacks/notes_mallocs.c), up to the code that runs Python frames."""
import os
import subprocess
from collections import Counter, defaultdict

import pytest

from stack_captures import Capture
from test_unwind import LXML, NUMPY, ORJSON, PANDAS, REPEAT, STANDARD_LIBRARY

pytestmark = pytest.mark.known_python
LEAST = 1000


def read(path):
    """[(thread, number of the call, result, size, addresses)]"""
    with open(path, encoding='ascii') as file:
        for line in file:
            thread, number, result, size, *addresses = (int(word, 16) for word in line.split())
            yield thread, number, result, size, addresses


def evaluation_of(python):
    """The file that holds the evaluation function."""
    code = ('import ctypes, re\n'
            'address = ctypes.cast(ctypes.pythonapi._PyEval_EvalFrameDefault, ctypes.c_void_p).value\n'
            'for line in open("/proc/self/maps"):\n'
            '    start, end = (int(word, 16) for word in re.match("([0-9a-f]+)-([0-9a-f]+)", line).groups())\n'
            '    if start <= address < end: print(line.split()[-1])\n')
    return subprocess.check_output([python.path, '-c', code], universal_newlines=True).strip()


def native_part(call):
    found = []
    for file, path, address in call.frames:
        if file:
            break
        found.append((path, address))
    return found


NEAR = 300


def nearest(calls, expected, wanted):
    """The index of the call with this result and size that is nearest to the expected one; None: there is none
    near it. A few calls of a thread are not events."""
    for distance in range(NEAR):
        for index in (expected + distance, expected - distance):
            if 0 <= index < len(calls) and (calls[index].result, calls[index].arguments[0]) == wanted:
                return index
    return None


def calls_before(calls, noted):
    """The number of calls of the thread that were not recorded, as most of those that were noted have it."""
    votes = Counter()
    for number, result, size in noted:
        first = max(number - 5 * NEAR, 0)
        votes.update(number - index for index, call in enumerate(calls[first:number + NEAR], first)
                     if (call.result, call.arguments[0]) == (result, size))
    return votes.most_common(1)[0][0] if votes else 0


def compare(capture, noted, evaluation):
    """Returns the number of stacks that were compared, and of those that ended without a rule."""
    calls = defaultdict(list)
    for call in capture.calls:
        if call.function == 'malloc':
            calls[call.thread].append(call)
    noted = list(noted)
    before = {thread: calls_before(calls[thread], [note[1:4] for note in noted if note[0] == thread][:100])
              for thread in list(calls)}
    compared = without_rule = 0
    for thread, number, result, size, addresses in noted:
        expected = number - before.get(thread, 0)
        at = nearest(calls[thread], expected, (result, size))
        if at is None:
            continue  # from before the recording
        before[thread] = number - at
        call = calls[thread][at]
        native = native_part(call)
        missing = bool(native) and native[-1][1] < 16
        frames = [address for _, address in native[:-1] if missing] or [address for _, address in native]
        has_python = len(call.frames) > len(native)
        if not frames:
            continue  # called by the evaluation function itself
        assert frames[0] in addresses, (call, addresses)
        theirs = addresses[addresses.index(frames[0]):]
        assert theirs[:len(frames)] == frames, (call, addresses)
        if missing or call.end == 'no rule':
            without_rule += 1
        elif has_python:
            behind = theirs[len(frames)]
            assert any(start <= behind < end for start, end in evaluation), (call, addresses)
        compared += 1
    return compared, without_rule


def check(python, build, folder, program, rounds, every, least):
    noted, path = os.path.join(folder, 'noted'), os.path.join(folder, 'capture')
    environment = dict(os.environ, LD_PRELOAD='%s:%s' % (build.library, build.path('notes_mallocs')),
                       PYTHONMALLOC='malloc', PMF_NOTES_FILE=noted, PMF_NOTES_EVERY=str(every),
                       PYMEMFLOW_STACK='native', PYMEMFLOW_CAPTURE=path, OPENBLAS_NUM_THREADS='1')
    done = subprocess.run([python.path, '-c', program + REPEAT, str(rounds)], env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout
    capture = Capture(path)
    compared, without_rule = compare(capture, read(noted), capture.code_of(evaluation_of(python)))
    assert compared >= least
    return compared, without_rule


@pytest.mark.stable_abi
def test_the_standard_library(python, build, folder):
    check(python, build, folder, STANDARD_LIBRARY, 1, 50, LEAST)


@pytest.mark.stable_abi
@pytest.mark.parametrize('module, program', [('numpy', NUMPY), ('pandas', PANDAS), ('lxml', LXML),
                                             ('orjson', ORJSON)])
def test_extensions(trace, python, build, folder, module, program):
    trace.require(module)
    check(python, build, folder, program, 1, 100, 200)
