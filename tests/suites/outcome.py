"""One test file, run once: how it ended and what became of each of its tests; and what a run with the
library shows that one without does not.
"""
import collections
import glob
import os
import re
import shutil
import signal
import subprocess
import tempfile
import xml.etree.ElementTree

TIMEOUT = 900
CLOSING = re.compile(r'(?m)^pymemflow: \d+ events recorded, 0 lost(, \d+ overwritten)?$')

# `word` is passed, failed, hung, or the signal's name; `tests`: how many were run; `bad`: the names of
# those that failed; `ours`: lines of the library that mean a fault of its own; `text`: all it printed.
Outcome = collections.namedtuple('Outcome', 'word tests bad ours text')


def environment(library, folder):
    result = {name: value for name, value in os.environ.items()
              if name != 'LD_PRELOAD' and not name.startswith('PYMEMFLOW_')}
    result['TMPDIR'] = folder
    if library:
        # Every event is recorded, and taken apart when the process ends.
        result.update(LD_PRELOAD=library, PYMEMFLOW_SUMMARY='1',
                      PYMEMFLOW_OUTPUT=os.path.join(folder, 'report.%p'))
    return result


def take_signals():
    """A child of a background job may find them ignored, which tests of signals do not expect."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def results(junit):
    """How many tests were run, and which failed."""
    tests, bad = 0, set()
    if not os.path.exists(junit):
        return tests, bad
    try:
        tree = xml.etree.ElementTree.parse(junit)
    except xml.etree.ElementTree.ParseError:
        return tests, {'the file of the results is damaged'}
    for case in tree.iter('testcase'):
        if case.find('skipped') is None and case.get('result') != 'skipped':
            tests += 1
        if case.find('failure') is not None or case.find('error') is not None:
            bad.add('.'.join(filter(None, (case.get('classname'), case.get('name')))))
    return tests, bad


def faults(folder):
    """Reports that do not end as they must."""
    for path in glob.glob(os.path.join(folder, 'report.*')):
        with open(path, encoding='utf-8', errors='replace') as file:
            text = file.read()
        if not CLOSING.search(text):
            yield '%s: %s' % (os.path.basename(path), text[-300:] or 'empty')


def word_of(status, text):
    if status < 0:
        return signal.Signals(-status).name
    if status == 4 and 'NO TESTS RAN' in text:
        return 'no tests'
    if status:
        return 'failed'
    if re.search(r'(?m)^\d+ tests? altered the execution environment', text):
        return 'left the environment changed'
    return 'skipped' if re.search(r'(?m)^\d+ tests? skipped:', text) else 'passed'


def run(suite, file, library):
    with tempfile.TemporaryDirectory(prefix='suite') as folder:
        junit = os.path.join(folder, 'junit.xml')
        work = os.path.join(folder, 'work')
        os.mkdir(work)
        process = subprocess.Popen(
            suite.command(file, junit), env=environment(library, folder), cwd=work,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True, preexec_fn=take_signals)
        try:
            text, _ = process.communicate(timeout=TIMEOUT)
            word = word_of(process.returncode, text.decode(errors='replace'))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            text, _ = process.communicate()
            word = 'hung'
        tests, bad = results(junit)
        return Outcome(word, tests, bad, list(faults(folder)), text.decode(errors='replace'))


def differs(with_it, without):
    """In what a reader of the results would see; what is worse with the library, and what is better."""
    return (with_it.word != without.word or with_it.bad != without.bad or
            with_it.tests != without.tests)
