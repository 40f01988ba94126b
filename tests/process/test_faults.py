"""What other tools of this kind have broken in their hosts: docs/faults.md names the victim of each."""
import ctypes.util
import os
import re
import unittest

import command
import lengths
import traced

BEFORE, AFTER = list(range(77000, 77100)), list(range(30000, 30100))
ALLOCATORS = ('libjemalloc.so.2', 'libtcmalloc_minimal.so.4', 'libmimalloc.so.2')
MEBIBYTES = re.compile(r'^ +1048576 \|@* +(\d+) *$', re.MULTILINE)
BUMP = os.environ['PMF_BUMP_ALLOCATOR']


def by_caller(report, symbol):
    return sum(number for key, number in report.counts('malloc', by='engine caller').items()
               if key[0].endswith('`' + symbol))


class Storms(unittest.TestCase):
    """Without a line an event: there are millions."""

    def test_loader_forks_and_a_timer(self):
        milliseconds = lengths.pick(1000, 30000)
        run = traced.run('storm.py', str(milliseconds), after=[BUMP], PYMEMFLOW_FLOW='0',
                         PMF_LOADED=os.environ['PMF_CHANGES_HANDS'])
        self.assertEqual((run.status, run.stderr), (0, ''))
        churned, handled, loaded, forked, failed = map(int, run.stdout.split())
        self.assertEqual(failed, 0)
        self.assertGreater(min(churned, handled, loaded, forked), milliseconds // 100)
        report = run.reports.pop(run.pid)
        # The handler runs on any thread, with a Python frame below it or without.
        in_handler = sum(map(int, MEBIBYTES.findall(report.distributions)))
        self.assertEqual((by_caller(report, 'churn'), in_handler, report.lost),
                         (churned, handled, 0))
        # The children come of threads that Python knows nothing of.
        self.assertEqual(run.reports, {})
        lengths.say('%d blocks, %d handlers, %d libraries loaded, %d forks: all recorded, 0 lost'
                    % (churned, handled, loaded, forked))

    def test_forks_beside_threads(self):
        forks = lengths.pick(25, 500)
        run = traced.run('forks_beside_threads.py', str(forks), PYMEMFLOW_FLOW='0',
                         PYTHONWARNINGS='ignore')
        self.assertEqual((run.status, run.stderr), (0, ''))
        churned, failed, longest = run.stdout.split()
        self.assertEqual(int(failed), 0)
        self.assertLess(float(longest), lengths.pick(10, 2))
        report = run.reports.pop(run.pid)
        self.assertEqual((by_caller(report, 'churn'), report.lost), (int(churned), 0))
        self.assertEqual(by_caller(report, 'allocate_in_child'), 0)
        self.assertEqual(len(run.reports), forks)
        for child in run.reports.values():
            self.assertEqual((sum(child.counts('malloc').values()) + by_caller(child, 'churn')
                              + by_caller(child, 'allocate_in_child') >= 10, child.lost), (True, 0))
            self.assertEqual(by_caller(child, 'churn'), 0)
        lengths.say('%d forks beside 8 threads, %s blocks, the slowest child took %.2f s'
                    % (forks, churned, float(longest)))


class Children(unittest.TestCase):
    def test_of_a_process_with_many_places(self):
        run = traced.run('forks_with_many_sites.py')
        self.assertEqual((run.status, run.stderr), (0, ''))
        report = run.reports.pop(run.pid)
        places = {event.line for event in report.events if event.file == 'many.py'}
        self.assertEqual(len(places), 10000)
        child, = run.reports.values()
        self.assertEqual((child.sizes('child'), child.lost), (list(range(40000, 40100)), 0))


    def test_by_vfork(self):
        """They write into their parent's memory, and what they allocate there is their parent's."""
        run = traced.run('vforks.py')
        self.assertEqual((run.status, run.stdout, run.stderr), (0, '0\n', ''))
        report = run.reports.pop(run.pid)
        self.assertEqual(run.reports, {})
        sizes = report.sizes('before') + report.sizes('after')
        self.assertEqual((sizes, report.lost, report.torn), (BEFORE + AFTER, 0, []))
        self.assertEqual(report.sizes('<module>').count(5000), 50)


class Threads(unittest.TestCase):
    def test_destructors_at_their_end(self):
        run = traced.run('ends_threads.py', '50')
        self.assertEqual((run.status, run.stderr, run.report.lost), (0, '', 0))
        counts = run.report.counts('malloc', by='engine caller')
        self.assertEqual([sum(number for key, number in counts.items()
                              if key[0] == 'ends_threads.so`' + function)
                          for function in ('begin', 'again')], [50, 150])


class Allocators(unittest.TestCase):
    """Of others, preloaded behind us and in front of us."""

    def check(self, name):
        if ctypes.util.find_library(name[3:].split('.so')[0]) is None:
            self.skipTest('no %s here' % name)
        run = traced.run('ends.py', 'exit', after=[name])
        self.assertEqual((run.status, run.stdout, run.stderr), (3, 'out\n', 'err\n'))
        sizes = set(run.report.sizes('before')) | set(run.report.sizes('after'))
        self.assertLessEqual(set(BEFORE + AFTER), sizes)
        self.assertEqual((run.report.lost, run.report.torn), (0, []))
        run = traced.run('ends.py', 'exit', before=[name])
        self.assertEqual((run.status, run.stdout), (3, 'out\n'))
        said = [line for line in run.stderr.splitlines() if line != 'err']
        self.assertEqual(len(said), 1, run.stderr)
        self.assertRegex(said[0], r'^pymemflow: malloc\(\) is that of \S*/%s\S*, before this library: '
                         % name.split('.so')[0])

    def test_jemalloc(self):
        self.check('libjemalloc.so.2')

    def test_tcmalloc(self):
        self.check('libtcmalloc_minimal.so.4')

    def test_mimalloc(self):
        self.check('libmimalloc.so.2')


    def test_inside_an_extension(self):
        """It is not ours to see, and nothing of it comes to us."""
        if not os.environ['PMF_ALLOCATES_FOR_ITSELF']:
            self.skipTest('no static jemalloc here')
        # It wants 3 KiB of static thread-local storage: more than glibc has left, with us or without.
        run = traced.run('allocates_for_itself.py',
                         GLIBC_TUNABLES='glibc.rtld.optional_static_tls=16384')
        self.assertEqual((run.status, run.stdout, run.stderr), (0, '0 8\n', ''))
        report = run.report
        sizes = report.sizes('before') + report.sizes('after')
        self.assertEqual((sizes, report.lost, report.torn), (BEFORE + AFTER, 0, []))
        self.assertEqual([event for event in report.events if event.function == '<lambda>'
                          and event.name == 'malloc' and event.arguments[0] == 7000], [])


class Loader(unittest.TestCase):
    NAME = os.path.basename(os.environ['PMF_LOADED_DEEPLY'])

    def load(self, is_deep):
        return traced.run('loads_deeply.py', self.NAME, str(is_deep))

    def test_found_by_the_run_path_of_who_asks(self):
        run = self.load(0)
        self.assertEqual((run.status, run.stderr), (0, ''))
        sizes = [size for size in run.report.sizes('load_and_allocate') if size // 1000 == 31]
        self.assertEqual(sizes, list(range(31000, 31020)))

    def test_deep_binding_is_said(self):
        run = self.load(1)
        self.assertEqual((run.status, run.stderr), (
            0, 'pymemflow: %s is loaded with RTLD_DEEPBIND: its calls of malloc() may go past this '
            'library, and are not seen then\n' % self.NAME))
        self.assertEqual((run.report.lost, run.report.torn), (0, []))
        self.assertEqual(self.load(1).status, traced.run('loads_deeply.py', self.NAME, '1',
                                                         preload=False).status)


class Sandboxes(unittest.TestCase):
    def sizes(self, run):
        return [size for size in run.report.sizes('allocate')]

    def test_all_descriptors_closed(self):
        run = traced.run('closes_all_descriptors.py')
        self.assertEqual((run.status, run.stderr), (0, ''))
        self.assertEqual(self.sizes(run), BEFORE + AFTER)

    def test_all_descriptors_closed_past_us(self):
        """The recording ends then, and no other file is written to."""
        run = traced.run('closes_all_descriptors.py', 'past-us')
        self.assertEqual((run.status, run.stdout), (0, '0\n'))
        said = [line for line in run.stderr.splitlines()]
        self.assertTrue(said and all(line.startswith('pymemflow: ') for line in said), run.stderr)

    def test_seccomp(self):
        run = traced.run('in_a_sandbox.py')
        if 'no seccomp here' in run.stderr:
            self.skipTest('no seccomp here')
        self.assertEqual((run.status, run.stderr), (0, ''))
        self.assertEqual(self.sizes(run), BEFORE + AFTER)
        self.assertEqual((run.report.lost, run.report.torn), (0, []))

    def test_seccomp_without_files(self):
        run = traced.run('in_a_sandbox.py', 'no-files')
        if 'no seccomp here' in run.stderr:
            self.skipTest('no seccomp here')
        self.assertEqual(run.status, 0)
        self.assertEqual(len(run.stderr.splitlines()), 1, run.stderr)
        self.assertTrue(run.stderr.startswith('pymemflow: cannot write the report: '), run.stderr)


if __name__ == '__main__':
    traced.require_known()
    command.main()
