"""Code objects that follow one another at the same addresses each keep their own name."""
import ctypes
import gc
import sys
import sysconfig
import types
import weakref

import probe

probe.require_known()
GENERATIONS = 10000
SIZE = 256
out = ctypes.create_string_buffer(SIZE)
believed_name = probe.holding.probe_believed_name

if probe.holding.probe_notice_deaths() != 1 or probe.holding.probe_notice_deaths() != 0:
    probe.fail("notices must be set once, and once only")

addresses = set()
before = probe.holding.probe_deaths()
for generation in range(GENERATIONS):
    filename = "generation-%d" % generation
    code = compile("believed_name(out, SIZE)", filename, "exec")
    addresses.add(id(code))
    exec(code)
    if out.value != filename.encode():
        probe.fail(filename, "was taken for", out.value)
del code
gc.collect()  # free-threaded builds leave code objects to the collector
died = probe.holding.probe_deaths() - before
if died < GENERATIONS:
    probe.fail("only", died, "deaths were noticed")
if len(addresses) == GENERATIONS:
    probe.fail("no address was used twice: this test tells nothing")

# The last holder of the code is the frame that runs it. Only 3.11.0 lets that die while current.
for generation in range(1000):
    module = compile("def f():\n  return (lambda: 1)()", "owned", "exec")
    function = types.FunctionType(module.co_consts[0], {})
    del module
    [function].pop()()
    holder = [function]
    del function
    holder.pop()()
is_current = probe.holding.probe_deaths_while_current()
if is_current and sys.version_info[:3] != (3, 11, 0):
    probe.fail(is_current, "code objects died while their frame was current")

# Within the destructor nothing is described any more: weak references are called from there.
answers = []
code = compile("1", "watched", "exec")
address = id(code)
describe = probe.holding.probe_is_described
watch = weakref.ref(code, lambda _: answers.append(describe(address)))
answers.append(describe(address))
del code
# A collector calls them before it, while all is there: that of a free-threaded build collects code.
is_free_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
if is_free_threaded:
    gc.collect()
if answers != [1, int(is_free_threaded)]:
    probe.fail("described while alive and while dying:", answers)
print(died, "deaths at", len(addresses), "addresses;", is_current, "while current")
