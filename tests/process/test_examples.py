"""Runs the examples under the library and compares what happens inside their functions with what
DTrace recorded for programs that do the same (tests/conformance). Process and addresses are others each
time: blocks are numbered, and lines are counted from the function's own."""
import os
import re

import pytest

import built

pytestmark = pytest.mark.stable_abi
FLOW = re.compile(r'^ *\d+ +(\S.*):(\d+) +-> (create_\w+_list) (.*)$', re.MULTILINE)
ADDRESS = re.compile(r'0x[0-9a-f]+')
# The first lines of the functions in the program that was recorded.
RECORDED_DEF = {'create_cmalloc_list': 9, 'create_pyrawmalloc_list': 21, 'create_pymalloc_list': 33}


def flow_of(report, first_line):
    """[(line in the function, call)]"""
    return [(int(line) - first_line, call) for _, line, _, call in FLOW.findall(report)]


def numbered(flow):
    """Numbers the blocks by first appearance, since the C library decides which address is used again.
    Leaves out realloc(), which DTrace's script does not see, and the free() of a block from before the
    function: CPython's cache of attribute names releases an old name when two addresses, which differ
    from run to run, collide."""
    blocks = {}
    count = 0
    result = []
    for line, call in flow:
        addresses = ADDRESS.findall(call)
        if call.startswith('realloc('):
            blocks[addresses[-1]] = blocks.pop(addresses[0], None)
            continue
        if call.startswith('free('):
            number = blocks.pop(addresses[0], None)
        else:
            number = blocks[addresses[0]] = count
            count += 1
        if number is not None:
            result.append((line, ADDRESS.sub('#%d' % number, call)))
    return result


def recorded(name):
    with open(os.path.join(built.ROOT, 'tests', 'conformance', name + '.out'), encoding='utf-8') as file:
        text = file.read()
    return flow_of(text, RECORDED_DEF[FLOW.search(text).group(3)])


def without_emptied_list(flow):
    """From 3.12 on, pop() of the last item leaves no block behind: no malloc(1), no free()."""
    blocks = {call.split()[-1] for _, call in flow if call.startswith('malloc(1) ')}
    return [event for event in flow if ADDRESS.search(event[1]).group() not in blocks]


def longer_addresses(flow, digits):
    """The flow as it is with addresses of `digits` digits instead of eight: texts with an address are longer."""
    def grown(match):
        size = int(match.group(1))
        return 'malloc(%d)' % (size + digits - 8 if size in (81, 98, 100, 114, 116) else size)

    return [(line, re.sub(r'malloc\((\d+)\)', grown, call)) for line, call in flow]


class Example:
    """One run of an example: the flow inside its function, and the blocks that it prints."""

    def __init__(self, trace, name, size=None, **environment):
        script = os.path.join(built.ROOT, 'examples', name + '.py')
        # The allocations of malloc_debug depend on the folders in Python's search path.
        run = trace(script, *([] if size is None else [size]), PYTHONPATH=None, **environment)
        assert (run.status, run.stderr) == (0, '')
        with open(script, encoding='utf-8') as file:
            source = file.read()
        self.flow = flow_of(run.report.text, source[:source.index('def create_')].count('\n') + 1)
        self.created = re.findall(r'^Created \w+ size=\d+ buffer=(\w+)$', run.stdout, re.MULTILINE)
        self.popped = re.findall(r'^Pop\'d \w+ size=\d+ buffer=(\w+)$', run.stdout, re.MULTILINE)


class TestExamples:
    @pytest.fixture(autouse=True)
    def fixtures(self, python, trace):
        self.python, self.trace = python, trace

    def check(self, run, expected):
        assert len(run.created) == 4
        assert run.created == run.popped
        flow = numbered(run.flow)
        expected = numbered(expected)
        # DTrace's script does not name the function for what is released as it returns.
        rest = [call for _, call in flow[len(expected):]]
        assert flow[:len(expected)] == expected
        assert all(call.startswith('free(') for call in rest), rest
        assert len(rest) <= 2, rest

    def compare(self, name, example, size=None, handed_out=None):
        expected = recorded(name)
        if self.python.version >= (3, 12):
            expected = without_emptied_list(expected)
        run = Example(self.trace, example, size)
        self.check(run, expected)
        if handed_out is not None:
            call = 'malloc(%d) pntr ' % handed_out
            given = [event[len(call):] for _, event in run.flow if event.startswith(call)]
            assert given == run.created

    def test_malloc(self):
        self.compare('cmalloc1477', 'cmalloc', handed_out=1477)

    def test_raw_malloc(self):
        self.compare('pyrawmalloc128', 'pyrawmalloc', handed_out=128)

    def test_pymalloc_is_not_malloc(self):
        self.compare('pymalloc128', 'pymalloc')

    def test_pymalloc_passes_large_blocks_on(self):
        self.compare('pymalloc767', 'pymalloc', 767, handed_out=767)

    # Every object an event: what is allocated, and how large, is that version's alone.
    def test_malloc_debug(self):
        if self.python.version[:2] != (3, 11):
            pytest.skip('recorded with Python 3.11')
        for _ in range(10):
            # The recorded program wrote to its output at each line.
            run = Example(self.trace, 'pymalloc', 177, PYTHONMALLOC='malloc_debug', PYTHONUNBUFFERED='1')
            # An address from 2**30 on is an integer of two digits: other sizes than the recorded.
            if run.created and max(int(address, 16) for address in run.created) < 2**30:
                break
        else:
            pytest.skip('this Python has its heap above 2**30')
        expected = longer_addresses(recorded('pymalloc177-debug'), len(run.created[0]) - 2)
        self.check(run, expected)
