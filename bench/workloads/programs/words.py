"""Counts and splits words."""
import collections
import glob
import re
import sysconfig

TEXT = ''
for name in sorted(glob.glob(sysconfig.get_paths()['stdlib'] + '/*.py'))[:60]:
    with open(name, encoding='utf-8', errors='replace') as file:
        TEXT += file.read()
for _ in range(3):
    collections.Counter(re.findall(r'\w+', TEXT)).most_common(10)
    parts = [line.split() for line in TEXT.splitlines()]
