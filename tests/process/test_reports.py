"""The parser of reports accepts a report as the library writes it, and nothing else."""
import pytest

import reports

FLOW = ' 12345          leak.py:17   -> leak malloc(77000) pntr 0x55d0c8a3f2a0\n'
FREE = ' 12345          leak.py:18   -> leak free(0x55d0c8a3f2a0)\n'
HEAD = ('Python malloc byte distributions by engine caller:\n',
        '\n   libc.so.6`strdup, total bytes = 10 \n',
        '           value  ------------- Distribution ------------- count    \n',
        '               4 |                                         0        \n',
        '               8 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 1        \n\n',
        '\nPython malloc byte distributions by Python file and function:\n\n',
        '\n   leak.py, leak, bytes total = 77000 \n',
        '           value  ------------- Distribution ------------- count    \n',
        '           65536 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 1        \n\n')
CLOSING = 'pymemflow: 3 events recorded, 0 lost\n'
TEXT = 'dtrace:::BEGIN\n' + FLOW + FREE + '\ndtrace:::END\n' + ''.join(HEAD) + '\n' + CLOSING


def test_takes_a_report():
    report = reports.Report(TEXT)
    assert [event.line for event in report.events] == [17, 18]
    assert report.sizes('leak') == [77000]
    assert report.sections == {('malloc', 'engine'): {('libc.so.6', 'strdup'): (10, 1)},
                               ('malloc', 'python'): {('leak.py', 'leak'): (77000, 1)}}
    assert (report.recorded, report.lost) == (3, 0)
    report.check_sums()
    assert reports.within('said by the program\n' + TEXT).text == TEXT


@pytest.mark.parametrize('old, new', [
    ('dtrace:::BEGIN\n', ''), ('\ndtrace:::END\n', '\n'), (FLOW, FLOW + '\n'), (FLOW, FLOW[:-20] + '\n'),
    (FLOW, ' ' + FLOW), (FLOW, FLOW.replace('malloc', 'mallocs')),
    (FLOW, FLOW.replace('(77000)', '(77000, 1)')), (FLOW, FLOW.partition(' pntr')[0] + '\n'),
    (FREE, FREE.replace(')', ') pntr 0x1')), (FREE, FREE.replace('0x55d0c8a3f2a0', '12')),
    (HEAD[1], '\n   something else\n'), (HEAD[0], HEAD[0] * 2), (HEAD[1], HEAD[1] * 2),
    (CLOSING, ''), (CLOSING, CLOSING[:-1]), (CLOSING, CLOSING + 'more\n'),
], ids=str)
def test_takes_nothing_else(old, new):
    assert TEXT.count(old) == 1
    with pytest.raises(reports.BadReport):
        reports.Report(TEXT.replace(old, new))


def test_sums_must_agree():
    with pytest.raises(reports.BadReport):
        reports.Report(TEXT.replace(FLOW, FLOW * 2)).check_sums()
