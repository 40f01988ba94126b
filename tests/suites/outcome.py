"""Runs one test file once: its end and the results of its tests; and compares a run with the library with
one without it.
"""
import collections
import glob
import os
import re
import resource
import signal
import subprocess
import tempfile
import xml.etree.ElementTree

TIMEOUT = 900
CLOSING = re.compile(r'(?m)^pymemflow: \d+ events recorded, .*$')
IS_WHOLE = re.compile(r'pymemflow: \d+ events recorded, 0 lost$')

# `word`: passed, failed, hung, or the name of the signal; `tests`: the number of tests that ran; `bad`: the
# names of the failed ones; `reports`: the number of complete reports; `cut`: the number of reports without
# an end, whose process was killed while it wrote them; `ours`: the last lines of the other reports; `text`:
# all output.
Outcome = collections.namedtuple('Outcome', 'word tests bad reports cut ours text')


# Further options of the library, by the names of their variables.
OPTIONS = {}


def environment(library, folder):
    result = {name: value for name, value in os.environ.items()
              if name != 'LD_PRELOAD' and not name.startswith('PYMEMFLOW_')}
    result['TMPDIR'] = folder
    if library:
        # Every event is recorded, and replayed when the process ends.
        result.update(LD_PRELOAD=library, PYMEMFLOW_SUMMARY='1',
                      PYMEMFLOW_OUTPUT=os.path.join(folder, 'report.%p'), **OPTIONS)
    return result


def prepare():
    """Gives a program the state that a shell gives it: default signals, some of which a background job has
    ignored, and the usual limit of descriptors, below the hard one."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    soft = 1024 if hard == resource.RLIM_INFINITY else min(1024, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def results(junit):
    """The number of tests that were run, and the names of the failed ones."""
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


def read_reports(folder):
    """The number of whole reports, the number of those without an end, and the last lines of the others."""
    whole, cut, ours = 0, 0, []
    for path in glob.glob(os.path.join(folder, 'report.*')):
        with open(path, encoding='utf-8', errors='replace') as file:
            closing = CLOSING.findall(file.read())
        if not closing:
            cut += 1
        elif IS_WHOLE.match(closing[-1]):
            whole += 1
        else:
            ours.append('%s: %s' % (os.path.basename(path), closing[-1]))
    return whole, cut, ours


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
            suite.command(file, junit), env=environment(library, folder),
            cwd=suite.folder or work,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True, preexec_fn=prepare)
        try:
            text, _ = process.communicate(timeout=TIMEOUT)
            word = word_of(process.returncode, text.decode(errors='replace'))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            text, _ = process.communicate()
            word = 'hung'
        tests, bad = results(junit)
        return Outcome(word, tests, bad, *read_reports(folder), text.decode(errors='replace'))


def differs(with_it, without):
    """Tells whether the two runs have different results."""
    return (with_it.word != without.word or with_it.bad != without.bad or
            with_it.tests != without.tests)
