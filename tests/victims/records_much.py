"""Makes more events than a small disk holds: 200,000 mallocs of different sizes. Ends with code 4."""
import sys

import cMemLeak


def allocate():
    for size in range(1, 200001):
        cMemLeak.free(cMemLeak.malloc(size))


allocate()
print('out')
sys.stdout.flush()
sys.exit(4)
