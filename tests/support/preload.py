"""Runs programs under the library and reads what it prints, for the tests in tests/process.

A report is read strictly: a line that is not exactly what the printing rules say ends the test.
"""
import collections
import os
import re
import subprocess
import tempfile

LIBRARY = os.path.abspath(os.environ['PMF_LIBRARY'])

# The arguments of each function, one letter each, as in capture/functions.def, which
# test_functions_are_known compares with.
ARGUMENTS = {
    'malloc': 's', 'free': 'p', 'calloc': 'ns', 'realloc': 'ps', 'reallocarray': 'pns',
    'posix_memalign': 'as', 'aligned_alloc': 'as', 'memalign': 'as', 'valloc': 's', 'pvalloc': 's',
    'free_sized': 'ps', 'free_aligned_sized': 'pas'}
_ADDRESS = '0x[0-9a-f]+'


def _call_grammar():
    calls = []
    for name, letters in sorted(ARGUMENTS.items()):
        arguments = ', '.join(_ADDRESS if letter == 'p' else '-?[0-9]+' for letter in letters)
        result = '' if name.startswith('free') else ' pntr ' + _ADDRESS
        calls.append(r'%s\(%s\)%s' % (name, arguments, result))
    return '|'.join(calls)


_FLOW = re.compile(('^ *([0-9]+) +(.*):([0-9]+) *-> (.*) (%s)$' % _call_grammar()).encode())
_CALL = re.compile(r'^(\w+)\((.*)\)(?: pntr (0x[0-9a-f]+))?$')
_HEADING = re.compile(rb'^Python (\w+) byte distributions by (engine caller|Python file and function):$')
# A caller that is in no file is an address alone.
_ENGINE = re.compile(rb'^   (?:(.*)`)?(.*), total bytes = (-?[0-9]+) $')
_PYTHON = re.compile(rb'^   (.*), (.*), bytes total = (-?[0-9]+) $', re.DOTALL)
_ROW = re.compile(rb'^ *(-?[0-9]+) \|(@*) *([0-9]+) *$')
_CLOSING = re.compile(rb'^pymemflow: ([0-9]+) events recorded, ([0-9]+) lost$')

Event = collections.namedtuple('Event', 'pid file line function call arguments result')
Record = collections.namedtuple('Record', 'total count')


class BadReport(AssertionError):
    pass


def _text(name):
    return name.decode('utf-8', 'surrogateescape')


def event_of(line):
    match = _FLOW.match(line)
    if match is None:
        raise BadReport('not a flow line: %r' % line[:400])
    pid, file, number, function, call = match.groups()
    # Widths and blanks, which the pattern is lenient on.
    if b'%6d %16b:%-4d -> %b %b' % (int(pid), file, int(number), function, call) != line:
        raise BadReport('a flow line with other blanks: %r' % line[:400])
    name, arguments, result = _CALL.match(call.decode()).groups()
    arguments = [int(argument, 0) for argument in arguments.split(', ')]
    return Event(int(pid), _text(file), int(number), _text(function), name, arguments,
                 None if result is None else int(result, 16))


class Report:
    """events; sections {(function, 'engine' or 'python'): {key: Record}}; recorded and lost."""

    def __init__(self, text):
        begin, end = b'dtrace:::BEGIN\n', b'\ndtrace:::END\n'
        if not text.startswith(begin) or text.count(end) != 1:
            raise BadReport('no BEGIN at the start, or not one END: %r' % text[:200])
        flow, rest = text[len(begin):].split(end)
        self.events = [event_of(line) for line in flow.split(b'\n')[:-1]]
        lines = rest.split(b'\n')
        closing = _CLOSING.match(lines[-2])
        if lines[-1] != b'' or closing is None:
            raise BadReport('not the closing line: %r' % lines[-2:])
        self.recorded, self.lost = (int(number) for number in closing.groups())
        self.sections = collections.OrderedDict()
        self._read_sections(lines[:-2])

    def _read_sections(self, lines):
        section = key = None
        for line in lines:
            heading = _HEADING.match(line)
            row = _ROW.match(line)
            if heading:
                name = 'engine' if heading.group(2).startswith(b'engine') else 'python'
                section = self.sections.setdefault((heading.group(1).decode(), name), {})
            elif row:
                total, count = section[key]
                section[key] = Record(total, count + int(row.group(3)))
            elif line and not line.startswith(b' ' * 11 + b'value '):
                pattern = _ENGINE if section is self._latest_engine() else _PYTHON
                record = pattern.match(line)
                if record is None:
                    raise BadReport('not a line of a section: %r' % line[:400])
                key = tuple(_text(part or b'') for part in record.groups()[:2])
                if key in section:
                    raise BadReport('twice in a section: %r' % (key,))
                section[key] = Record(int(record.group(3)), 0)

    def _latest_engine(self):
        name, kind = next(reversed(self.sections))
        return self.sections[name, kind] if kind == 'engine' else None

    def of_engine(self, function, symbol):
        """The records by engine caller whose symbol is that."""
        section = self.sections.get((function, 'engine'), {})
        return {key: record for key, record in section.items() if key[1] == symbol}

    def check_sums(self):
        """Each event with a frame is in its section once, and nothing else is there."""
        totals = {}
        for event in self.events:
            if event.call.startswith('free'):
                continue
            letters = ARGUMENTS[event.call]
            size = event.arguments[letters.index('s')]
            if 'n' in letters:
                size *= event.arguments[letters.index('n')]
            section = totals.setdefault(event.call, {})
            total, count = section.get((event.file, event.function), (0, 0))
            section[event.file, event.function] = Record(total + size, count + 1)
        for (function, kind), section in self.sections.items():
            if kind == 'python' and section != totals.pop(function, {}):
                raise BadReport('the flow and the section of %s disagree' % function)
        if totals:
            raise BadReport('no sections of %s' % sorted(totals))
        in_engine = sum(record.count for (_, kind), section in self.sections.items()
                        if kind == 'engine' for record in section.values())
        # What is left over are releases without a frame, which are not printed.
        if len(self.events) + in_engine > self.recorded:
            raise BadReport('%d events with a frame and %d without, of %d recorded'
                            % (len(self.events), in_engine, self.recorded))


Done = collections.namedtuple('Done', 'status stdout stderr report')


def environment(**more):
    """This one without what is ours; None takes a variable away."""
    result = {name: value for name, value in os.environ.items()
              if name != 'LD_PRELOAD' and not name.startswith('PYMEMFLOW_')}
    result.update(more)
    return {name: value for name, value in result.items() if value is not None}


def run(command, preload=True, timeout=100, cwd=None, **variables):
    """Runs it; `report` is the text of the report, None where there is none."""
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, 'report')
        if preload:
            variables = dict(variables, LD_PRELOAD=LIBRARY, PYMEMFLOW_OUTPUT=output)
        done = subprocess.run(command, env=environment(**variables), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                              cwd=cwd, check=False)
        report = None
        if os.path.exists(output):
            with open(output, 'rb') as file:
                report = file.read()
    return Done(done.returncode, done.stdout, done.stderr, report)
