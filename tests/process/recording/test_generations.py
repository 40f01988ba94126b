"""A code object never gets the name of a freed one that had the same address."""
import os

import pytest


@pytest.mark.stable_abi
@pytest.mark.soak('generations')
def test_none_lends_its_name(trace, cli, folder, length, is_last_python):
    if length.is_long and not is_last_python:
        pytest.skip('the long version runs under one Python')
    capture = os.path.join(folder, 'capture')
    count = length.pick(5000, 100000)
    run = trace('generations.py', count, output=None, PYMEMFLOW_CAPTURE=capture)
    assert (run.status, run.stderr) == (0, '')
    report = cli.report(capture)
    assert report.lost == 0
    events = [event for event in report.events
              if event.function.startswith('f') and event.function[1:].isdigit()]
    sizes = [event.arguments[0] for event in events if event.name == 'malloc'
             and event.arguments[0] == int(event.function[1:]) + 1]
    assert sizes == list(range(1, count + 1))
    for event in events:
        number = int(event.function[1:])
        assert (event.file, event.line) == ('g%d' % number, number % 9 + 2)
    length.say('%d events of %d generations, each with its own name' % (len(events), count))
