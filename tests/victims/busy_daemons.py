"""Ends while daemon threads wait for the GIL, after events that take a while to report."""
import os
import sys
import threading

import leak


def run_for_ever(started):
    while True:
        started.set()


leak.before()
print('out')
sys.stdout.flush()
os.write(2, b'err\n')
for _ in range(1000):
    leak.after()
for _ in range(2):
    event = threading.Event()
    thread = threading.Thread(target=run_for_ever, args=(event,))
    thread.daemon = True
    thread.start()
    event.wait()
