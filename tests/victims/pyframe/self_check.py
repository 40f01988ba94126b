"""The self check of pyframe passes here, and fails if an offset is wrong by a word."""
import subprocess
import sys
import threading

import probe

probe.require_known()
# Needed only for frames that do not run Python code, or that C code made; there are none here to
# compare.
PASSED_OVER = {"frame_back", "frame_owner", "frame_object", "object_line"}
UNDECIDED, RIGHT, WRONG, BY_TYPES = range(4)
check = probe.holding.probe_check


def inside(name, by):
    name = name.encode()
    return check(
        name,
        by)


if sys.argv[1:]:
    codes = []
    thread = threading.Thread(target=lambda: codes.append(inside(sys.argv[1], int(sys.argv[2]))))
    # The first thread runs the bytecode that any thread falls back to: the index of its copy does
    # not matter there.
    if sys.argv[1] in ("frame_bytecode_index", "code_bytecodes"):
        inside("", 0)
        thread.start()
        thread.join()
    else:
        thread.run()
    sys.exit(codes[0])

if inside("", 0) != RIGHT:
    probe.fail("the running frame was found", inside("", 0))
for value in (0, [inside("", 0) for _ in range(2)], (lambda: inside("", 0))()):
    if value not in (0, [RIGHT, RIGHT], RIGHT):
        probe.fail("in a comprehension or lambda:", value)

offsets = [line.split("=")[0] for line in probe.layout_text().splitlines()]
noticed = {}
for name in offsets:
    if name in PASSED_OVER or name in ("shim_owner", "text_kind_bit", "header_growth"):
        continue
    for by in (-8, 8):
        # In a process of its own, since a wild pointer may end it. A crash is not a wrong name.
        code = subprocess.call([sys.executable, __file__, name, str(by)])
        if code == 255:
            continue  # this version has no such field
        noticed[name, by] = code
        if code not in (WRONG, BY_TYPES) and code >= 0:
            probe.fail(name, "off by", by, "was", ("not decided", "taken for right")[code])
died = [key for key, code in noticed.items() if code < 0]
print(len(noticed), "changes noticed,", len(died), "of them by a crash:", died)
