"""Whole Python stacks (--stack python): what is recorded of each call is what the interpreter's own frame
objects say at that moment."""
import json
import os
import signal
from collections import Counter

import pytest

import built
from stack_captures import Capture

pytestmark = pytest.mark.known_python
SEED = 17
STACKS = 20000
FOLDER = os.path.join(built.ROOT, 'tests', 'victims', 'stacks')


def read(path):
    with open(path, encoding='utf-8') as file:
        noted = json.load(file)
    return {int(number): tuple(map(tuple, frames)) for number, frames in noted.items()}


class Recorded:
    """A program of the folder, and what it noted."""

    def __init__(self, trace, build, folder, program, *arguments, status=0, **variables):
        self.capture_path = os.path.join(folder, 'capture')
        self.noted_path = os.path.join(folder, 'noted')
        variables.setdefault('PYMEMFLOW_STACK', 'python')
        run = trace(os.path.join(FOLDER, program), build.path('notes_stacks'), self.noted_path, *arguments,
                    PYMEMFLOW_CAPTURE=self.capture_path, output=None, **variables)
        assert (run.status, run.stderr) == (status, '')
        self.pid = run.pid
        self.capture = Capture(self.capture_path)

    @property
    def noted(self):
        return read(self.noted_path)


def calls_of(capture):
    """{number: its call} of the calls of note()."""
    return {call.arguments[0]: call for call in capture.calls
            if call.function == 'calloc' and call.arguments[1] == 0 and call.arguments[0] != 77777777}


def assert_same(capture, noted):
    calls = calls_of(capture)
    wrong = {number: (calls.get(number), frames) for number, frames in noted.items()
             if number not in calls or (calls[number].frames, calls[number].end) != (frames, 'bottom')}
    assert not wrong, '%d of %d are wrong, such as %s' % (len(wrong), len(noted), next(iter(wrong.items())))


@pytest.fixture
def record(trace, build, folder):
    """record(program, *arguments, **variables) is Recorded."""
    return lambda *words, **variables: Recorded(trace, build, folder, *words, **variables)


@pytest.fixture
def situation(record):
    return lambda name, **variables: record('situations.py', name, **variables)


@pytest.mark.soak('stacks')
def test_random_programs(trace, build, folder, length):
    """Recursion, generators resumed from several places, tasks, exceptions through 100 frames, code that dies
    and is born again, decorators, callbacks from C, threads, and greenlets where they are installed."""
    for seed in range(SEED, SEED + length.pick(1, 7)):
        recorded = Recorded(trace, build, folder, 'random_programs.py', str(seed), str(STACKS))
        noted = recorded.noted
        assert len(noted) >= STACKS
        assert_same(recorded.capture, noted)
        length.say('%d stacks, 0 wrong' % len(noted))
        os.remove(recorded.capture_path)


@pytest.mark.parametrize('name', ['two_lines', 'deep_enough', 'python_handlers', 'threads', 'released',
                                  'short_threads', 'reborn', 'constructors'])
def test_situation(situation, name):
    recorded = situation(name)
    assert_same(recorded.capture, recorded.noted)


def test_deeper_than_the_limit(situation):
    recorded = situation('deep', PYMEMFLOW_MAX_STACK='100')
    calls = calls_of(recorded.capture)
    for number, frames in recorded.noted.items():
        call = calls[number]
        assert call.frames == frames[:100]
        assert call.end == ('cut' if len(frames) > 100 else 'bottom')
    assert max(map(len, recorded.noted.values())) > 4000


def test_usual_limit(situation):
    recorded = situation('deep')
    ends = {call.end: len(call.frames) for call in calls_of(recorded.capture).values() if call.end != 'bottom'}
    assert ends == {'cut': 1024}


def test_functions_of_the_allocator(situation):
    recorded = situation('family')
    with open(recorded.noted_path, encoding='utf-8') as file:
        frames = tuple(map(tuple, json.load(file)))
    found = {call.function: call for call in recorded.capture.calls
             if {40000, 40016, 40032, 40064} & set(call.arguments[:2])}
    for name in 'malloc', 'realloc', 'posix_memalign', 'aligned_alloc':
        assert (found[name].frames, found[name].end) == (frames, 'bottom'), name


def test_free_has_its_top_line(situation):
    recorded = situation('two_lines')
    noted, waiting, freed = recorded.noted, {}, 0
    for call in recorded.capture.calls:
        if call.function == 'free' and call.arguments[0] in waiting:
            assert (call.frames, call.end) == (noted[waiting.pop(call.arguments[0])][:1], 'site only')
            freed += 1
        elif call.function == 'calloc' and call.arguments[1] == 0:
            waiting[call.result] = call.arguments[0]
    assert freed == len(noted)


def test_fork_in_depth(situation):
    recorded = situation('forks')
    assert_same(recorded.capture, recorded.noted)
    children = [name for name in os.listdir(os.path.dirname(recorded.capture_path))
                if name.startswith('capture.')]
    child = os.path.join(os.path.dirname(recorded.capture_path), children[0])
    # The child notes again what its parent noted before it was born.
    before = min(recorded.noted)
    noted = read(recorded.noted_path + '.child')
    assert_same(Capture(child), {number: frames for number, frames in noted.items() if number > before})


def test_handler_that_allocates(situation, build):
    """It may interrupt the allocator, which has to permit that."""
    recorded = situation('storms', after=[build.path('bump_allocator')])
    assert_same(recorded.capture, recorded.noted)
    assert any(call.arguments[0] == 77777777 for call in recorded.capture.calls if call.function == 'calloc')


def test_killed(record):
    recorded = record('situations.py', 'killed', status=-signal.SIGKILL)
    assert_same(recorded.capture, recorded.noted)


@pytest.mark.parametrize('name, variables', [('threads', {}), ('released', {}), ('reborn', {}),
                                             ('python_handlers', {}), ('repeats', {'PYMEMFLOW_RING': '64KiB'})])
def test_python_frames_below_native_ones(situation, name, variables):
    """The Python frames are the same with --stack native."""
    recorded = situation(name, PYMEMFLOW_STACK='native', **variables)
    calls, noted = calls_of(recorded.capture), recorded.noted
    if name == 'repeats':
        noted = {number: noted[number - len(noted)] for number in calls}
    assert noted and set(noted) <= set(calls)
    for number, frames in noted.items():
        call = calls[number]
        assert (tuple(frame for frame in call.frames if frame[0]), call.end) == (frames, 'bottom')
        assert call.frames[0][0] == '', 'no native frame'


def test_ring(situation):
    """Each block has its own table, so what is left of a ring can be read."""
    recorded = situation('repeats', PYMEMFLOW_RING='64KiB')
    calls, noted = calls_of(recorded.capture), recorded.noted
    assert 1000 < len(calls) < len(noted)
    assert_same(recorded.capture, {number: noted[number - len(noted)] for number in calls})


def test_sums_are_by_stack(situation):
    recorded = situation('few_stacks', PYMEMFLOW_FLOW='0')
    expected = Counter(recorded.noted.values())
    found = Counter()
    for frames, end, function, count in recorded.capture.sums():
        if function == 'calloc' and frames in expected:
            assert end == 'bottom'
            found[frames] += count
    # A new arena may need a node of the interpreter's map of arenas, by calloc() too.
    assert not expected - found
    assert sum((found - expected).values()) <= 2, found - expected


def test_options_that_exclude_each_other(trace):
    for variables in ({'PYMEMFLOW_STACK': 'python', 'PYMEMFLOW_ATTRIBUTION': 'probe'},
                      {'PYMEMFLOW_MAX_STACK': '5'}, {'PYMEMFLOW_STACK': 'python', 'PYMEMFLOW_MAX_STACK': '0'}):
        run = trace.code('print(1)', output=None, **variables)
        assert run.stdout == '1\n' and run.stderr.startswith('pymemflow: ')
        assert run.stderr.count('\n') == 1
