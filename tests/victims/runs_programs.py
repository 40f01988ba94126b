"""Starts other programs again and again, as subprocess does (vfork, where Python uses it)."""
import subprocess
import sys

import leak

leak.before()
for i in range(100):
    if subprocess.call(['/bin/sh', '-c', 'exit 5']) != 5:
        sys.exit('not its own exit code')
    leak.child(1)
for i in range(20):
    try:
        subprocess.call(['/no/such/program'])
    except FileNotFoundError:
        leak.child(1)
leak.after()
