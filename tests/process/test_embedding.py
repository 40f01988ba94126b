"""An interpreter that a program loads when it has run for a while, and two in one process."""
import os
import subprocess
import sys
import unittest

import traced

EMBEDS = os.environ['PMF_EMBEDS_PYTHON']
OTHERS = os.environ['PMF_PYTHONS'].split(':')
# Built in, so that it runs in a library that shows its symbols to nobody: 700001 bytes.
SOURCE = '''
def embedded():
    for i in range(10): bytearray(700000 + i)
embedded()
'''
LIBRARY_OF = '''
import os, sys, sysconfig
folders = [sysconfig.get_config_var('LIBDIR'),
           os.path.join(sysconfig.get_config_var('LIBDIR'), sysconfig.get_config_var('MULTIARCH') or '')]
for folder in folders:
    path = os.path.join(folder, sysconfig.get_config_var('INSTSONAME') or '')
    if path.endswith(('.so', '.so.1.0')) and os.path.exists(path):
        print(path)
        print(sys.base_prefix)
        break
'''


def library_of(python):
    """(libpython, its home), or nothing where that Python has none."""
    return tuple(subprocess.check_output([python, '-c', LIBRARY_OF],
                                         universal_newlines=True).splitlines())


def other_library():
    for python in OTHERS:
        version = subprocess.check_output([python, '-V'], universal_newlines=True).split()[1]
        if version.split('.')[:2] != [str(part) for part in sys.version_info[:2]]:
            found = library_of(python)
            if found:
                return found + (version,)
    return None


class Embedding(unittest.TestCase):
    def run_embedded(self, mode, *libraries):
        """`libraries`: (libpython, its home, source)."""
        run = traced.Run([EMBEDS, mode] + [word for library in libraries for word in library],
                         PYTHONMALLOC='malloc')
        self.assertEqual((run.status, run.stdout.splitlines()[-1:]), (6, ['done']),
                         run.stdout + run.stderr[:1000])
        return run

    def check_lines(self, run):
        sizes = [(event.file, event.line, event.arguments[-1]) for event in run.report.events
                 if 700000 <= event.arguments[-1] < 701000]
        self.assertEqual(sizes, [('<string>', 3, 700001 + i) for i in range(10)])
        self.assertEqual((run.report.lost, run.report.torn), (0, []))
        # From the beginning of the interpreter: its own start is there, what came before is not.
        self.assertIn('<frozen importlib._bootstrap>', {event.file for event in run.report.events})
        # The engine callers' section: the 100 allocations after it.
        self.assertIn('`main, total bytes = 55500000', run.report.distributions)

    def test_loaded_late(self):
        for mode in ('global', 'local'):
            with self.subTest(mode):
                run = self.run_embedded(mode, LIBRARY + (SOURCE,))
                self.check_lines(run)
                self.assertEqual(run.stderr, '')

    def test_a_second_one_is_named_and_left_alone(self):
        other = other_library()
        if other is None:
            self.skipTest('no other libpython')
        run = self.run_embedded('local', LIBRARY + (SOURCE,),
                                other[:2] + ('for i in range(5): bytearray(800000)',))
        said = [line for line in run.stderr.splitlines() if line.startswith('pymemflow: ')]
        self.assertEqual(said, ['pymemflow: a second CPython is in this process (%s, %s): '
                                'its events have no Python frame' % (other[2], other[0])])
        sizes = [event.arguments[-1] for event in run.report.events]
        self.assertEqual(len([size for size in sizes if 700000 <= size < 701000]), 10)
        self.assertNotIn(800001, sizes)


if __name__ == '__main__':
    LIBRARY = library_of(sys.executable)
    if not LIBRARY:
        print('skipped: this Python has no libpython')
        sys.exit(77)
    unittest.main()
