"""A frame is this thread's own or none: with busy threads, without the GIL, as the process ends."""
import os
import platform
import subprocess
import sys
import threading

import probe

probe.require_known()
READS = 2000

if sys.argv[1:] == ["end"]:
    # A daemon thread reads on in a call without the GIL while the interpreter frees its state.
    threading.Thread(target=probe.released.probe_until_exit, args=(20,),
                     daemon=True).start()
    threading.Event().wait(0.05)
    sys.exit(5)

if platform.machine() == "x86_64" and not probe.holding.probe_reads_state():
    probe.fail("the interpreter's getter of the thread state has a form that is not known")

stop = False


def busy():
    while not stop:
        sum([number for number in range(100)])


workers = [threading.Thread(target=busy) for _ in range(2)]
for worker in workers:
    worker.start()

for library in (probe.holding, probe.released):
    frames = library.probe_foreign_thread(READS, 500)
    if frames:
        probe.fail(frames, "of", READS, "reads in a thread without Python had a frame")
    strangers = library.probe_stay(READS, 500)
    if strangers:
        probe.fail(strangers, "of", READS, "reads were of another place than the call")
stop = True
for worker in workers:
    worker.join()

# glibc fills what is freed with rubbish, so that a state read after its end is seen.
environment = dict(os.environ, MALLOC_PERTURB_="165",
                   GLIBC_TUNABLES="glibc.malloc.tcache_count=0")
for _ in range(10):
    code = subprocess.call([sys.executable, __file__, "end"], env=environment)
    if code != 5:
        probe.fail("a process with a reading daemon thread ended with", code)
print("0 of", 2 * READS, "foreign reads had a frame;", 2 * READS, "reads stayed at their place")
