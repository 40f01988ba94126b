"""A code object that died never lends its name to the one that got its address."""
import os
import shutil
import tempfile
import unittest

import command
import traced
from lengths import pick, say


class Generations(unittest.TestCase):
    def test_no_one_lends_its_name(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        capture = os.path.join(folder, 'capture')
        count = pick(5000, 100000)
        run = traced.run('generations.py', str(count), output=None, PYMEMFLOW_CAPTURE=capture)
        self.assertEqual((run.status, run.stderr), (0, ''))
        done = command.call('report', capture)
        self.assertEqual((done.status, done.stderr), (0, ''))
        report = traced.Report(done.stdout)
        self.assertEqual((report.lost, report.torn), (0, []))
        events = [event for event in report.events
                  if event.function.startswith('f') and event.function[1:].isdigit()]
        sizes = [event.arguments[0] for event in events if event.name == 'malloc'
                 and event.arguments[0] == int(event.function[1:]) + 1]
        self.assertEqual(sizes, list(range(1, count + 1)))
        for event in events:
            number = int(event.function[1:])
            self.assertEqual((event.file, event.line), ('g%d' % number, number % 9 + 2))
        say('%d events of %d generations, each with its own name' % (len(events), count))


if __name__ == '__main__':
    unittest.main()
