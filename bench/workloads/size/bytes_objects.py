"""Large objects that die at once."""
for _ in range(300000):
    bytes(1000)
