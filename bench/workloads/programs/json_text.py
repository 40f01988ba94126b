"""Writes and reads JSON."""
import json

VALUES = {str(number): list(range(number % 50)) for number in range(5000)}
for _ in range(40):
    json.loads(json.dumps(VALUES))
