"""bytes(1000), of which the last 100 are kept, ten million times."""
kept = [None] * 100
for i in range(10000000):
    kept[i % 100] = bytes(1000)
