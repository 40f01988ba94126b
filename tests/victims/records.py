"""Allocates in a function, prints, and ends with code 4."""
import sys

import leak

leak.before()
print('out')
sys.stdout.flush()
sys.exit(4)
