"""Runs a Python program under the library and takes its reports apart. For the process tests, which
run under each Python, as traced program and as driver alike."""
import os
import re
import subprocess
import sys
import tempfile
from collections import namedtuple

LIBRARY = os.environ['PMF_LIBRARY']
EXAMPLES = os.environ['PMF_EXAMPLES']  # the folder of cMemLeak
VICTIMS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'victims')
LAST_PROBED = (3, 13)
LAST_KNOWN = (3, 15)
TIMEOUT = 100

# The whole of a flow line: one that is torn does not match.
FLOW = re.compile(r'^ *(\d+) +(\S.*):(\d+) +-> (\S+) '
                  r'(\w+)\(([-x0-9a-f, ]*)\)(?: pntr 0x([0-9a-f]+))?$')
CLOSING = re.compile(r'^pymemflow: (\d+) events recorded, (\d+) lost(?:, (\d+) overwritten)?$')
HEADING = re.compile(r'^Python (\w+) byte distributions by (engine caller|Python file and function):$')
RECORD = re.compile(r'^   (.*)(?:, bytes total|, total bytes) = -?\d+ $')
ROW = re.compile(r'^ *-?\d+ \|@* *(\d+) *$')
RELEASES = ('free', 'free_sized', 'free_aligned_sized')

Event = namedtuple('Event', 'pid file line function name arguments result call')


class Report:
    """`torn` are the lines between BEGIN and END that are no flow lines."""

    def __init__(self, text):
        self.text = text
        lines = text.split('\n')
        begin, end = lines.index('dtrace:::BEGIN'), lines.index('dtrace:::END')
        self.lines = lines[begin + 1:end - 1]
        self.distributions = '\n'.join(lines[end + 1:])
        matches = [(line, FLOW.match(line)) for line in self.lines]
        self.torn = [line for line, match in matches if match is None]
        self.events = [_event(match) for _, match in matches if match is not None]
        closing = [match for match in map(CLOSING.match, lines) if match]
        if len(closing) != 1 or not text.endswith(closing[0].group() + '\n'):
            raise ValueError('not one closing line at the end of the report')
        self.recorded, self.lost, self.overwritten = (int(text or 0) for text in closing[0].groups())

    def of(self, *functions):
        """The events in these Python functions."""
        return [event for event in self.events if event.function in functions]

    def counts(self, call, by='Python file and function'):
        """How many calls the distributions have, by (file, function) or (module`symbol,)."""
        counts, key, is_there = {}, None, False
        for line in self.distributions.split('\n'):
            heading, record, row = HEADING.match(line), RECORD.match(line), ROW.match(line)
            if heading:
                is_there = heading.groups() == (call, by)
            elif is_there and record:
                key = tuple(record.group(1).rsplit(', ', 1))
                counts[key] = 0
            elif is_there and row:
                counts[key] += int(row.group(1))
        return counts

    def sizes(self, function):
        """What malloc() was asked for in it."""
        return [event.arguments[0] for event in self.of(function) if event.name == 'malloc']


def _event(match):
    pid, file, line, function, name, arguments, result = match.groups()
    numbers = tuple(int(word, 16) if word.startswith('0x') else int(word)
                    for word in arguments.split(', '))
    call = '%s(%s)' % (name, arguments) + ('' if result is None else ' pntr 0x' + result)
    return Event(int(pid), file, int(line), function, name, numbers,
                 None if result is None else int(result, 16), call)


class Run:
    """One run of a command: what it did, and `reports`, by process id. `loose` is what lay in the
    folder of the reports besides."""

    def __init__(self, command, preload=True, before=(), after=(), output='report.%p',
                 **environment):
        with tempfile.TemporaryDirectory() as folder:
            full = {name: value for name, value in os.environ.items()
                    if name != 'LD_PRELOAD' and not name.startswith('PYMEMFLOW_')}
            full['PYTHONPATH'] = EXAMPLES
            if preload:
                full['LD_PRELOAD'] = ':'.join(list(before) + [LIBRARY] + list(after))
                if output is not None:
                    full['PYMEMFLOW_OUTPUT'] = os.path.join(folder, output)
            full.update(environment)
            process = subprocess.Popen(command, env=full, cwd=folder, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            try:
                out, err = process.communicate(timeout=TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()
                out, err = process.communicate()
                raise AssertionError('%s hangs: %s %s' % (command, out, err))
            self.pid, self.status = process.pid, process.returncode
            self.stdout, self.stderr = out.decode(), err.decode()
            self.files = sorted(os.listdir(folder))
            self.texts = {}
            for name in self.files:
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    with open(path, encoding='utf-8', errors='surrogateescape') as file:
                        self.texts[name] = file.read()
        self.reports = {int(name.rpartition('.')[2]): Report(text)
                        for name, text in self.texts.items() if re.match(r'report\.\d+$', name)}

    @property
    def report(self):
        """The report of the process that was started."""
        return self.reports[self.pid]


def run(script, *arguments, **options):
    """Runs tests/victims/`script` under this Python."""
    return Run([sys.executable, os.path.join(VICTIMS, script)] + list(arguments), **options)


def line_of(script, text):
    """The number of the only line of a victim that holds `text`."""
    with open(os.path.join(VICTIMS, script), encoding='utf-8') as file:
        lines = [number for number, line in enumerate(file, 1) if text in line]
    if len(lines) != 1:
        raise ValueError('%r stands in %d lines of %s' % (text, len(lines), script))
    return lines[0]


def require_known():
    """Ends the test where this Python has no row in the table of layouts: no event has a frame."""
    if sys.version_info[:2] > LAST_KNOWN:
        print('skipped: the layout of Python %d.%d is not known' % sys.version_info[:2])
        sys.exit(77)


def require_probes():
    """Ends the test where this Python cannot be probed, which one line says."""
    require_known()
    if sys.version_info[:2] <= LAST_PROBED and not hasattr(sys, 'gettotalrefcount'):
        return
    run = Run([sys.executable, '-c', 'pass'], PYMEMFLOW_ATTRIBUTION='probe')
    if run.status != 0 or 'pymemflow: cannot probe CPython ' not in run.stderr or run.reports:
        raise AssertionError('not refused: %s' % run.stderr)
    print('skipped: this Python cannot be probed')
    sys.exit(77)
