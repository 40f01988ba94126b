"""Writes and reads YAML, with PyYAML."""
import yaml

VALUES = [{'a': number, 'b': ['x'] * 5, 'c': {'d': 'text %d' % number}} for number in range(800)]
yaml.safe_load(yaml.safe_dump(VALUES))
