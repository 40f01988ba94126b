"""The parser of reports.

A report is read strictly. Every line between BEGIN and END must be a flow line, every line after END
must belong to a distribution, and the lines at the end must be the library's. BadReport says which
line is not.
"""
import re
from collections import OrderedDict, namedtuple

import tables

ARGUMENTS = {function.name: function.arguments for function in tables.functions()}
RELEASES = {function.name for function in tables.functions() if function.effect == 'Release'}

_BEGIN, _END = 'dtrace:::BEGIN\n', '\ndtrace:::END\n'
_FLOW = re.compile(r'^ *(\d+) +(.*):(\d+) *-> (.*) (\w+)\(([-x0-9a-f, ]*)\)(?: pntr 0x([0-9a-f]+))?$')
_HEADING = re.compile(r'^Python (\w+) byte distributions by (engine caller|Python file and function):$')
# A caller that is in no file is an address alone.
_ENGINE = re.compile(r'^   (?:(.*)`)?(.*), total bytes = (-?\d+) $')
_PYTHON = re.compile(r'^   (.*), (.*), bytes total = (-?\d+) $', re.DOTALL)
_ROW = re.compile(r'^ *-?\d+ \|@* *(\d+) *$')
_COLUMNS = ' ' * 11 + 'value '
_NOTE = 'pymemflow: '
_CLOSING = re.compile(r'^pymemflow: (\d+) events recorded, (\d+) lost(?:, (\d+) overwritten)?'
                      r'(?:, damaged in (\d+) places?)?(?:, (\d+) left out)?$')

# `call` is the text from the function's name on, `arguments` the numbers in it.
Event = namedtuple('Event', 'pid file line function name arguments result call')
Record = namedtuple('Record', 'total count')


class BadReport(AssertionError):
    pass


def _pattern_of_arguments(letters):
    return re.compile(', '.join('0x[0-9a-f]+' if letter == 'p' else '-?[0-9]+' for letter in letters))


_PATTERNS = {name: _pattern_of_arguments(letters) for name, letters in ARGUMENTS.items()}


def _padded(text, width):
    """The report pads file names by bytes."""
    return ' ' * (width - len(text.encode('utf-8', 'surrogateescape'))) + text


def event_of(line):
    match = _FLOW.match(line)
    if match is None:
        raise BadReport('not a flow line: %.400r' % line)
    pid, file, number, function, name, arguments, result = match.groups()
    pattern = _PATTERNS.get(name)
    if pattern is None or not pattern.fullmatch(arguments):
        raise BadReport('a call that functions.def does not have: %.400r' % line)
    if (result is None) != (name in RELEASES):
        raise BadReport('the result of a release, or none of an allocation: %.400r' % line)
    call = '%s(%s)' % (name, arguments) + ('' if result is None else ' pntr 0x' + result)
    if '%6s %s:%-4s -> %s %s' % (pid, _padded(file, 16), number, function, call) != line:
        raise BadReport('a flow line with other blanks: %.400r' % line)
    numbers = tuple(int(word, 0) for word in arguments.split(', '))
    return Event(int(pid), file, int(number), function, name, numbers,
                 None if result is None else int(result, 16), call)


class Report:
    """The events, the distributions and the closing lines of one report.

    events         in order; `lines` is their text
    distributions  the text after END
    sections       {(function, 'engine' or 'python'): {(file or module, function or symbol): Record}}
    notes          the lines between the distributions and the last one
    recorded, lost, overwritten, damaged, left_out    the numbers of the last line
    """

    def __init__(self, text):
        if isinstance(text, bytes):
            text = text.decode('utf-8', 'surrogateescape')
        if not text.startswith(_BEGIN) or text.count(_END) != 1:
            raise BadReport('no BEGIN at the start, or not one END: %.200r' % text)
        self.text = text
        flow, self.distributions = text[len(_BEGIN):].split(_END)
        self.lines = flow.split('\n')[:-1]
        self.events = [event_of(line) for line in self.lines]
        rest = self.distributions.split('\n')
        if rest.pop() != '':
            raise BadReport('no line break at the end: %.200r' % text[-200:])
        closing = _CLOSING.match(rest.pop())
        if closing is None:
            raise BadReport('not the closing line: %.200r' % text[-200:])
        (self.recorded, self.lost, self.overwritten, self.damaged,
         self.left_out) = (int(number or 0) for number in closing.groups())
        self.notes = []
        while rest and rest[-1].startswith(_NOTE):
            self.notes.insert(0, rest.pop())
        self.sections = OrderedDict()
        self._read_sections(rest)

    def _read_sections(self, lines):
        section = key = pattern = None
        for line in lines:
            row = _ROW.match(line)
            heading = None if row else _HEADING.match(line)
            if heading:
                is_engine = heading.group(2) == 'engine caller'
                pattern = _ENGINE if is_engine else _PYTHON
                name = heading.group(1), 'engine' if is_engine else 'python'
                if name in self.sections:
                    raise BadReport('twice: %r' % line)
                section, key = self.sections.setdefault(name, {}), None
            elif row and key is not None:
                total, count = section[key]
                section[key] = Record(total, count + int(row.group(1)))
            elif line and not line.startswith(_COLUMNS):
                record = pattern and pattern.match(line)
                if not record:
                    raise BadReport('not a line of a section: %.400r' % line)
                key = tuple(part or '' for part in record.groups()[:2])
                if key in section:
                    raise BadReport('twice in a section: %r' % (key,))
                section[key] = Record(int(record.group(3)), 0)

    def of(self, *functions):
        """The events in these Python functions."""
        return [event for event in self.events if event.function in functions]

    def sizes(self, function):
        """The sizes that malloc() was asked for in a Python function."""
        return [event.arguments[0] for event in self.of(function) if event.name == 'malloc']

    def counts(self, call, by='python'):
        """The number of calls that the distributions have, by (file, function) or (module, symbol)."""
        return {key: record.count for key, record in self.sections.get((call, by), {}).items()}

    def of_engine(self, call, symbol):
        """The records by engine caller whose symbol is that."""
        return {key: record for key, record in self.sections.get((call, 'engine'), {}).items()
                if key[1] == symbol}

    def count_in_engine(self):
        """The number of calls without a Python frame that the distributions have."""
        return sum(record.count for (_, kind), section in self.sections.items() if kind == 'engine'
                   for record in section.values())

    def check_sums(self):
        """Each event with a frame is in its section once, and nothing else is there."""
        totals = {}
        for event in self.events:
            if event.name in RELEASES:
                continue
            letters = ARGUMENTS[event.name]
            size = event.arguments[letters.index('s')]
            if 'n' in letters:
                size *= event.arguments[letters.index('n')]
            section = totals.setdefault(event.name, {})
            total, count = section.get((event.file, event.function), (0, 0))
            section[event.file, event.function] = Record(total + size, count + 1)
        for (function, kind), section in self.sections.items():
            if kind == 'python' and section != totals.pop(function, {}):
                raise BadReport('the flow and the section of %s disagree' % function)
        if totals:
            raise BadReport('no sections of %s' % sorted(totals))
        # The remaining events are releases without a frame, which are not printed.
        if len(self.events) + self.count_in_engine() > self.recorded:
            raise BadReport('%d events with a frame and %d without, of %d recorded'
                            % (len(self.events), self.count_in_engine(), self.recorded))


def within(text):
    """The report in what a process wrote to standard error, where lines of its own may come first."""
    return Report(text[text.index(_BEGIN):])
