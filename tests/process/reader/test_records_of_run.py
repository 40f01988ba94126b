"""A program under `pymemflow run` that removes, replaces or exchanges its own record, before an end that the
library handles and after a filter of system calls: run says what is lost, and reports on nothing else."""
import os
import re

import pytest

import cases
import reports
from system_calls import KILL, TOOLS

pytestmark = [pytest.mark.one_python, pytest.mark.known_python]
NOTHING = ('pymemflow: no record is left: no Python ran that could be recorded, or the program removed its record: there is nothing to '
           '%s\n')
START = TOOLS + '''
import shutil
folder = os.path.dirname(os.environ["PYMEMFLOW_CAPTURE"])
capture, = [os.path.join(folder, name) for name in os.listdir(folder) if name.startswith("capture") and not name.endswith(".windows")]
windows = capture + ".windows"
bytes(77777)
'''
END = '\nprint("end", flush=True)\nos._exit(4)\n'
REMOVE = {
    'both removed': 'os.remove(capture); os.remove(windows)',
    'capture removed': 'os.remove(capture)',
    'folder removed': 'shutil.rmtree(folder)',
    'other content': 'os.remove(capture); open(capture, "w").write("mine" * 9999)',
    'a link': 'os.remove(capture); os.symlink("/etc/passwd", capture)',
    'moved': 'os.rename(capture, folder + "/other")',
}
FILTER = pytest.mark.skipif(os.uname().machine != 'x86_64', reason='numbers of system calls of x86-64')


@pytest.mark.parametrize('install', ['', pytest.param('install(rows_for([18], %d))\n' % KILL, marks=FILTER)],
                         ids=['plain', 'filter'])
class TestRun(cases.Case):
    def run(self, install, act, *words):
        code = START + install + act + END
        return self.cli(*(words or ('run', '--output', self.path('r'))), self.python.path, '-c', code,
                        env=self.environment)

    @pytest.mark.parametrize('act', REMOVE.values(), ids=REMOVE)
    def test_removed(self, install, act):
        done = self.run(install, act)
        assert (done.status, done.stdout) == (4, 'end\n')
        assert done.stderr.endswith(NOTHING % 'report') and os.listdir(self.folder) == []
        done = self.run(install, act, 'gate', '--max-leak=1')
        assert (done.status, done.stdout) == (4, 'end\n')
        assert done.stderr.endswith(NOTHING % 'judge')

    @pytest.mark.parametrize('act', ['os.mkdir(capture)', 'os.mkfifo(capture)'])
    def test_not_a_file(self, install, act):
        done = self.run(install, 'os.remove(capture); ' + act)
        assert (done.status, done.stdout) == (4, 'end\n')
        if install == '':
            assert done.stderr.endswith(NOTHING % 'report')
            return
        found = re.search(r'pymemflow: (/\S+/)\S+: is not a file: the record of process \d+ cannot be read\n$',
                          done.stderr)
        assert found and os.listdir(self.folder) == [], done.stderr
        for name in os.listdir(found.group(1)):  # it is kept
            path = os.path.join(found.group(1), name)
            (os.rmdir if os.path.isdir(path) else os.remove)(path)
        os.rmdir(found.group(1))

    def test_windows_removed(self, install):
        """They are needed after a filter alone."""
        assert self.run(install, 'os.remove(windows)').status == 4
        text = self.read('r')
        assert ('the file of its windows is missing' in text) == (install != '')
        assert (77777 + 33 in {each.arguments[-1] for each in reports.Report(text).events}) == (install == '')

    def test_exchanged(self, install):
        """The capture and its windows."""
        act = 'os.rename(capture, "t"); os.rename(windows, capture); os.rename("t", windows)'
        assert self.run(install, 'os.chdir(folder); ' + act).status == 4
        text = self.read('r')
        assert 'the file of its windows is missing' in text or (install == '' and '77810' in text)

    def test_truncated(self, install):
        """The report has what was recorded."""
        done = self.run(install, 'os.truncate(capture, 0)')
        assert done.status == 4
        assert 77777 + 33 in {each.arguments[-1] for each in reports.Report(self.read('r')).events}


def test_no_python(cli):
    """Nothing was made in the folder of the run."""
    done = cli('run', 'true')
    assert (done.status, done.stderr) == (0, 'pymemflow: no Python ran that could be recorded: there is nothing to report\n')
