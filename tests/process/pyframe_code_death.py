"""Code objects that follow one another at the same addresses each keep their own name."""
import ctypes
import types

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
died = probe.holding.probe_deaths() - before
if died < GENERATIONS:
    probe.fail("only", died, "deaths were noticed")
if len(addresses) == GENERATIONS:
    probe.fail("no address was used twice: this test tells nothing")

# A function that is the last to hold its code, and code that holds code.
for generation in range(1000):
    module = compile("def f():\n  x = [1] * 1000\n  return (lambda: x)()", "owned", "exec")
    inner = [one for one in module.co_consts if isinstance(one, types.CodeType)][0]
    del module
    function = types.FunctionType(inner, {})
    del inner
    function.__code__.co_consts
    (lambda call: call())(function)
    del function
if probe.holding.probe_reads_of_the_dying():
    probe.fail("code was described while it was torn down")
print(died, "deaths at", len(addresses), "addresses")
