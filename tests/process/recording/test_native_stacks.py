"""Native stacks (--stack native): the C frames between Python code and the allocator, and those of threads
without Python, are what the compiler's own unwinder finds at the same moment (notes_native.c)."""
import json
import os
import platform
import re

import pytest

import built
import debug_symbols
from stack_captures import Capture

pytestmark = pytest.mark.known_python
FOLDER = os.path.join(built.ROOT, 'tests', 'victims', 'stacks')
FIRST_NUMBER = 1000001
EVALUATION = '_PyEval_EvalFrameDefault'
# Addresses that stand for frames that are missing (capture/stack.h).
CUT, UNREAD, NO_RULE = 1, 2, 3


def read(path):
    """{number: [(address, name)]}, from the caller of note() on."""
    noted = {}
    with open(path, encoding='utf-8') as file:
        for line in file:
            number, *frames = line.split()
            noted[int(number)] = [_named(*frame.split(':')) for frame in frames]
    return noted


def _named(address, start, file, name):
    """The loader knows no name of a part that the compiler moved out of its function; debug symbols do."""
    place = int(address, 16)
    return place, name or debug_symbols.name_at(file, int(start, 16), place - 1).split('.cold')[0]


def calls_of(capture):
    return {call.arguments[0]: call for call in capture.calls
            if call.function == 'calloc' and call.arguments[1] == 0 and call.arguments[0] >= FIRST_NUMBER}


def native_part(call):
    """The addresses of the native frames above the first Python frame."""
    addresses = []
    for file, _, address in call.frames:
        if file:
            break
        addresses.append(address)
    return addresses


def up_to_evaluation(frames):
    names = [name for _, name in frames]
    if EVALUATION not in names:
        pytest.skip('the evaluation function has parts without a symbol, and there are no debug symbols of it')
    return [address for address, _ in frames[:names.index(EVALUATION)]]


def assert_same(capture, noted):
    """All numbers were noted below Python code."""
    calls = calls_of(capture)
    assert noted and set(noted) <= set(calls)
    for number, frames in noted.items():
        call = calls[number]
        native = native_part(call)
        assert (native[1:], call.end) == (up_to_evaluation(frames), 'bottom'), (number, frames)
        assert len(native) < len(call.frames), 'no Python frames'


class Recorded:
    def __init__(self, trace, build, folder, situation, *libraries, **variables):
        self.capture_path = os.path.join(folder, 'capture')
        self.noted_path = os.path.join(folder, 'noted')
        run = trace(os.path.join(FOLDER, 'native_situations.py'), build.path('notes_native'), self.noted_path,
                    situation, *libraries, PYMEMFLOW_STACK='native', PYMEMFLOW_CAPTURE=self.capture_path,
                    output=None, **variables)
        assert (run.status, run.stderr) == (0, '')
        self.capture = Capture(self.capture_path)
        self.noted = read(self.noted_path)


@pytest.fixture
def record(trace, build, folder):
    """record(situation, *libraries, **variables) is Recorded."""
    return lambda *words, **variables: Recorded(trace, build, folder, *words, **variables)


@pytest.mark.parametrize('situation', ['chains', 'two_functions_of_one_line', 'callbacks', 'python_threads',
                                       'errors'])
def test_situation(record, situation):
    recorded = record(situation)
    assert_same(recorded.capture, recorded.noted)


def test_thread_without_python(record):
    recorded = record('c_threads')
    calls = calls_of(recorded.capture)
    for number, frames in recorded.noted.items():
        call = calls[number]
        assert all(file == '' for file, _, _ in call.frames)
        assert native_part(call)[1:] == [address for address, _ in frames]
        assert call.end == 'bottom'


def test_signal_handlers(record):
    """On the thread's own stack, and on one of their own. The frame that a signal interrupted is given as its
    next instruction plus 1."""
    recorded = record('handlers')
    calls = calls_of(recorded.capture)
    for number, frames in recorded.noted.items():
        native = native_part(calls[number])[1:]
        expected = up_to_evaluation(frames)
        assert len(native) == len(expected)
        assert all(ours - theirs in (0, 1) for ours, theirs in zip(native, expected))


@pytest.mark.skipif(platform.machine() not in ('x86_64', 'aarch64'), reason='its code is for other processors')
def test_code_without_rules(record):
    """A frame of its own stands for what is missing above the Python frames."""
    recorded = record('new_code')
    calls = calls_of(recorded.capture)
    assert len(recorded.noted) == 3
    for number in recorded.noted:
        native = native_part(calls[number])
        assert len(native) == 3 and native[-1] == NO_RULE
        assert len(calls[number].frames) > 3 and calls[number].end == 'bottom'


def test_deeper_than_the_limit(record):
    recorded = record('deep', PYMEMFLOW_MAX_STACK='100')
    calls = calls_of(recorded.capture)
    cut = 0
    for number, frames in recorded.noted.items():
        native = native_part(calls[number])
        if native[-1] == CUT:
            assert len(native) == 101
            assert native[1:-1] == [address for address, _ in frames[:99]]
            cut += 1
        else:
            assert native[1:] == up_to_evaluation(frames)
        assert len(calls[number].frames) > len(native)
    assert cut >= 4


def test_fork(record):
    recorded = record('forks')
    assert_same(recorded.capture, recorded.noted)
    folder = os.path.dirname(recorded.capture_path)
    child, = [name for name in os.listdir(folder) if name.startswith('capture.')]
    assert_same(Capture(os.path.join(folder, child)), read(recorded.noted_path + '.child'))


@pytest.mark.stable_abi
def test_library_at_the_address_of_another(record, build):
    """Its code has other rules, and its frames are those of another file."""
    paths = [build.path('unwind_reused_%d' % size) for size in (256, 640)]
    recorded = record('reloads', *paths)
    assert_same(recorded.capture, recorded.noted)
    assert len(recorded.noted) == 6
    calls = calls_of(recorded.capture)
    for index, number in enumerate(sorted(recorded.noted)):
        files = [path for file, path, _ in calls[number].frames if file == '']
        assert paths[index % 2] in files, (index, files)


def test_the_c_function_is_named(trace, build, folder, cli):
    capture = os.path.join(folder, 'capture')
    code = ('import ctypes, sys\n'
            'libc = ctypes.CDLL(None)\n'
            'def keep():\n'
            '    for _ in range(10):\n'
            '        leaks.chain_leak(4321)\n'
            'leaks = ctypes.PyDLL(sys.argv[1])\n'
            'keep()\n')
    run = trace.code(code, build.path('notes_native'), PYMEMFLOW_STACK='native', PYMEMFLOW_CAPTURE=capture,
                     output=None)
    assert (run.status, run.stderr) == (0, '')
    summary = cli('report', '--format', 'summary', capture).stdout
    row = summary[summary.rindex(' keep\n'):].splitlines()
    assert re.fullmatch(r' *in chain_leak notes_native\.c:\d+ \(notes_native\.so\)', row[1]), row[1]
    folded = cli('report', '--format', 'folded', capture).stdout
    # CPython 3.15 comes to the first of the calls from another C function than to the others.
    lines = re.findall(r'^.*chain_leak \(notes_native\.so\) (\d+)$', folded, re.MULTILINE)
    assert sum(map(int, lines)) == 43210
    profile = json.loads(cli('report', '--format', 'json', capture).stdout)
    site, = [each for each in profile['sites'] if each.get('function') == 'keep' and each['live']['bytes'] == 43210]
    frame = site['stack'][0]
    assert frame['file'].endswith('/notes_native.c') and frame['line'] > 0
    assert {name: frame[name] for name in frame if name not in ('file', 'line')} == {
        'library': build.path('notes_native'), 'function': 'chain_leak', 'offset': ''}
    gate = cli('gate', '--max-leak', '0', capture)
    assert gate.status == 1 and 'in chain_leak notes_native.c:%d (notes_native.so)' % frame['line'] in gate.stderr


def test_lines_of_the_report_are_those_of_python(trace, folder, cli):
    """Native frames change nothing of what the D script prints."""
    code = 'import ctypes\nlibc = ctypes.CDLL(None)\nfor number in range(100): libc.malloc(5000 + number)\n'
    found = []
    for stack in 'top', 'native':
        capture = os.path.join(folder, stack)
        run = trace.code(code, PYMEMFLOW_STACK=stack, PYMEMFLOW_CAPTURE=capture, output=None)
        assert (run.status, run.stderr) == (0, '')
        reports = [cli('report', '--format', name, capture).stdout for name in ('flow', 'distributions')]
        found.append([line for report in reports for line in report.splitlines()
                      if '<string>' in line and ('(5050)' in line or 'bytes total' in line)])
    # The process and the address are others.
    top, native = ([line.split(' pntr')[0].split(None, 1)[-1] for line in lines] for lines in found)
    assert '<string>:3' in top[0] and len(top) >= 3 and top == native


def has_native_frames(path):
    return any(file == '' for call in Capture(path).calls for file, _, _ in call.frames[:-1])


@pytest.mark.one_python
def test_auto_records_native_stacks_where_they_may_be_asked_for(python, trace, folder, cli):
    code, capture = 'kept = [bytearray(5000) for _ in range(10)]', os.path.join(folder, 'capture')
    program = ['--', python.path, '-c', code]
    done = cli('run', '--stack', 'auto', '--format', 'tree', *program)
    assert done.status == 0 and '(python' in done.stdout.lower() + done.stderr.lower()
    done = cli('run', '--stack', 'auto', '--capture', capture, *program)
    assert done.status == 0 and has_native_frames(capture)
    if python.can_be_probed:
        done = cli('run', '--stack', 'auto', '--capture', capture + '.probe', '--attribution', 'probe', *program)
        assert done.status == 0
        assert 'has no callers' in cli('report', '--format', 'folded', capture + '.probe').stderr
    leak = 'import ctypes\nfor _ in range(10): ctypes.CDLL(None).strdup(b"x" * 5000)'
    done = cli('gate', '--max-leak', '1KiB', '--stack', 'auto', '--', python.path, '-c', leak)
    assert done.status == 1 and re.search(r'^ {20,}in \S', done.stderr, re.MULTILINE)
    run = trace.code(code, PYMEMFLOW_STACK='auto', PYMEMFLOW_MAX_STACK='5', output=None)
    assert run.stderr.startswith('pymemflow: --max-stack') and run.stderr.count('\n') == 1
