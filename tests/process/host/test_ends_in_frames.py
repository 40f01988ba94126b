"""The interpreter ends while frames of Python run: no frame is read whose memory it has given back, and
finalisers keep their lines."""
import pytest

import cases

pytestmark = pytest.mark.stable_abi
BEFORE = list(range(77000, 77100))
AFTER = list(range(30000, 30100))
WAYS = ('Py_Exit', 'PyRun_SimpleString', 'deep', 'child')
MODES = {'report': {}, 'probes': {'PYMEMFLOW_ATTRIBUTION': 'probe'},
         'capture': {'PYMEMFLOW_CAPTURE': True},
         'stacks': {'PYMEMFLOW_CAPTURE': True, 'PYMEMFLOW_STACK': 'python'}}


class TestFrames(cases.Case):
    @pytest.mark.parametrize('mode', MODES)
    @pytest.mark.parametrize('way', WAYS)
    def test_end_in_frames(self, way, mode):
        options = dict(MODES[mode])
        if options.get('PYMEMFLOW_CAPTURE'):
            options.update(PYMEMFLOW_CAPTURE=self.path('%p.pmf'), output=None)
        run = self.trace('pyframe/ends_in_frames.py', way, **options)
        assert (run.status, run.stdout, run.stderr) == (8, '', '')
        if mode == 'report':
            report = run.reports[run.pid]
            assert report.lost == 0
            assert report.sizes('before') == BEFORE
            assert report.sizes('after') == AFTER
