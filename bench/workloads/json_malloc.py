"""json.loads and json.dumps. Run with PYTHONMALLOC=malloc: every Python object is a block of the C
allocator."""
import json

DOCUMENT = json.dumps([{'number': i, 'text': 'item %d' % i, 'list': [i, i / 2, None, True],
                        'dict': {'a': [], 'b': 'c' * (i % 40)}} for i in range(1000)])
for _ in range(150):
    json.dumps(json.loads(DOCUMENT))
