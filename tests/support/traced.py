"""Runs a Python program under the library and takes its reports apart. For the process tests, which
run under each Python, as traced program and as driver alike."""
import os
import re
import subprocess
import sys
import tempfile

import reports
from versions import LAST_KNOWN, LAST_PROBED

LIBRARY = os.environ['PMF_LIBRARY']
EXAMPLES = os.environ['PMF_EXAMPLES']  # the folder of cMemLeak
VICTIMS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'victims')
TIMEOUT = 100


class Report(reports.Report):
    """For the scripts that are not yet written for pytest. Lines of the process may come first."""

    torn = []

    def __init__(self, text):
        super().__init__(text[text.index('dtrace:::BEGIN\n'):])

    def counts(self, call, by='Python file and function'):
        if by == 'engine caller':
            return {('`'.join(filter(None, key)),): count
                    for key, count in super().counts(call, 'engine').items()}
        return super().counts(call)


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
