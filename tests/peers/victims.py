"""The victims that each tool is run with: each is a row of the table in docs/reliability.md.

`expected`: the number of allocations of each size that the record must have; a dictionary, or a function
that makes it from the program's output. `named`: the Python functions that made some of the sizes.
`status`: the exit status of the program. `before` and `after`: libraries that are preloaded in front of
the tool and behind it. `callers`: the C functions that make some of the sizes while no Python runs.
"""
import collections
import os

VICTIMS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'victims')
BEFORE = dict.fromkeys(range(77000, 77100), 1)
AFTER = dict.fromkeys(range(30000, 30100), 1)
BOTH = BEFORE | AFTER

Victim = collections.namedtuple(
    'Victim', 'faults title program expected status named callers environment before after '
    'on_small_disk steady_output is_python')


def victim(faults, title, program, expected, status=0, named=None, callers=None,
           environment=None, before=(), after=(), on_small_disk=False, steady_output=True):
    return Victim(faults, title, program.split(), expected, status, named or {}, callers or {},
                  environment or {}, list(before), list(after), on_small_disk, steady_output,
                  program.startswith('python '))


def children(number):
    return dict.fromkeys(range(40000, 40100), number) | BOTH


def churned(text):
    """Of a storm: what its threads counted, and the 1 MiB blocks of its handler."""
    words = text.split()
    return {50: int(words[0]), (1 << 20) + 14: int(words[1])}


def pool(_):
    return {40000 + i: 20 for i in range(10)} | BOTH


VICTIMS_TABLE = (
    victim('1', 'a loader error is read before there was any', '{build}/first_dlerror', {}),
    victim('1', 'the loader logs everything (`LD_DEBUG=all`)', 'python {victims}/records.py', BEFORE,
           status=4, environment={'LD_DEBUG': 'all', 'LD_DEBUG_OUTPUT': '{folder}/loader'}),
    victim('2, 3, 4', 'constructors that allocate before the tool', 'python {victims}/records.py', BEFORE,
           status=4, after=['{build}/allocates_early.so']),
    victim('7, 35', 'jemalloc behind the tool', 'python {victims}/ends.py exit', BOTH, status=3,
           after=['libjemalloc.so.2']),
    victim('7, 35', 'tcmalloc behind the tool', 'python {victims}/ends.py exit', BOTH, status=3,
           after=['libtcmalloc_minimal.so.4']),
    victim('7, 35', 'mimalloc behind the tool', 'python {victims}/ends.py exit', BOTH, status=3,
           after=['libmimalloc.so.2']),
    victim('8, 11, 23', 'threads that load libraries, allocate, fork, with a timer whose handler '
           'allocates', 'python {victims}/threads/storm.py 2000', churned, steady_output=False,
           callers={'churn': (50,), 'on_timer': ((1 << 20) + 14,)},
           after=['{build}/bump_allocator.so']),
    victim('11', '50 forks beside 8 threads that allocate', 'python {victims}/threads/forks_beside_threads.py 50',
           lambda text: {50: int(text.split()[0]), 777: 500}, steady_output=False,
           callers={'churn': (50,)}),
    victim('12', 'ten children, each with events of its own', 'python {victims}/forks.py 9', children(10),
           steady_output=False),
    victim('12', 'a child of a process with 20,000 sites', 'python {victims}/forks_with_many_sites.py',
           {61000: 10000} | dict.fromkeys(range(40000, 40100), 1)),
    victim('13, 42', 'a forked pool', 'python {victims}/pools.py fork', pool, steady_output=False),
    victim('13, 42', 'a spawned pool', 'python {victims}/pools.py spawn', pool, steady_output=False),
    victim('14', 'a hundred programs started by vfork', 'python {victims}/runs_programs.py',
           BOTH | {40000: 120}),
    victim('15', 'another program by exec', 'python {victims}/execs.py execv', BEFORE,
           status=7),
    victim('16', 'exit by `os._exit()`', 'python {victims}/ends.py _exit', BOTH, status=3),
    victim('16', 'exit by `abort()`', 'python {victims}/ends.py abort', BOTH, status=-6),
    victim('17', 'exit by a fault (SIGSEGV)', 'python {victims}/ends.py segv', BOTH, status=-11),
    victim('18', 'destructors that allocate while their thread ends',
           'python {victims}/threads/ends_threads.py 50', {51004: 50, 51003: 50, 51002: 50, 51001: 50},
           callers={'begin': (51004,), 'again': (51001, 51002, 51003)}),
    victim('20', 'daemon threads that allocate forever', 'python {victims}/ends.py daemons', BOTH),
    victim('20', 'daemon threads that wait for the GIL at the end', 'python {victims}/busy_daemons.py',
           BEFORE | dict.fromkeys(range(30000, 30100), 1000)),
    victim('21', 'exit() called by a thread without the GIL', 'python {victims}/ends.py exit-of-a-thread',
           BOTH, status=3),
    victim('23', 'a handler that allocates, 1,000 times', 'python {victims}/threads/interrupted.py churn 1000',
           {40000000: 1000}, after=['{build}/bump_allocator.so'], steady_output=False),
    victim('25 to 33', 'every function, every odd argument, errno', '{build}/allocator_calls', {}),
    victim('26', 'blocks that change hands without a lock', 'python {victims}/threads/threads_change_hands.py',
           {50000 + i: 20000 for i in range(4)}),
    victim('37', 'RTLD_DEEPBIND', 'python {victims}/loads_deeply.py loaded_deeply.so 1',
           dict.fromkeys(range(31000, 31020), 1)),
    victim('37', 'a library found by the run path of its caller',
           'python {victims}/loads_deeply.py loaded_deeply.so 0',
           dict.fromkeys(range(31000, 31020), 1)),
    victim('39', 'all descriptors are closed', 'python {victims}/system/closes_all_descriptors.py', BOTH),
    victim('39', 'all descriptors are closed by system calls of its own',
           'python {victims}/system/closes_all_descriptors.py past-us', BEFORE),
    victim('39', 'a seccomp filter', 'python {victims}/system/in_a_sandbox.py', BOTH | {64: 20000}),
    victim('39', 'a seccomp filter that lets no file be opened',
           'python {victims}/system/in_a_sandbox.py no-files', BOTH | {64: 20000}),
    victim('40', 'a full disk', 'python {victims}/records_much.py',
           dict.fromkeys(range(1, 200001), 1), status=4, on_small_disk=True),
    victim('44, 45', 'long code, wide frames, exceptions', 'python {victims}/code/long_and_wide.py', {}),
    victim('46', '2,000 functions, each gone before the next is made',
           'python {victims}/code/generations.py 2000', dict.fromkeys(range(601, 2001), 1),
           named={n + 1: 'f%d' % n for n in range(600, 2000)}),
    victim('48', 'threads of C only', 'python {victims}/threads/starts_c_threads.py',
           {3000000: 20, 3000001: 20},
           callers={'victim_global': (3000000,), 'victim_static': (3000001,)}),
    victim('49', 'a subinterpreter', 'python {victims}/code/in_subinterpreter.py',
           dict.fromkeys((1301, 1302, 1303), 1),
           named={1301: 'callee', 1302: 'inside', 1303: 'inside'}),
    victim('52', 'trace and profile functions, a debugger',
           'python {victims}/code/traced_by_itself.py settrace setprofile debugger',
           dict.fromkeys((2000, 2001, 2020, 2021, 2040, 2041), 1),
           named={2000: 'callee', 2001: 'after_return', 2040: 'callee'}, steady_output=False),
    victim('55', '2,000 short threads', 'python {victims}/threads/short_threads.py 2000',
           dict.fromkeys(range(10000, 12000), 1), steady_output=False),
)
