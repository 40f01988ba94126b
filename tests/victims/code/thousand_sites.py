"""Allocates from a thousand sites, three hundred times each, and prints how many KiB are resident."""
SITES = 1000
source = 'def work():\n    kept = []\n' + ''.join(
    '    kept.append(bytes(%d))\n' % (1000 + site) for site in range(SITES))
scope = {}
exec(compile(source, 'thousand', 'exec'), scope)
for _ in range(300):
    scope['work']()
with open('/proc/self/status') as status:
    print([line.split()[1] for line in status if line.startswith('VmRSS:')][0])
