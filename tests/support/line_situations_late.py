# -*- coding: utf-8 -*-
"""More of line_situations.py: objects that are released late or without a statement, functions that run
later than they are called, and names beyond ASCII.
"""
import asyncio
import gc


# --------------------------------------------------------------- who releases, and under which line
def returning():
    held = Block(1004000)
    other = [Block(1004001),
             Block(1004002)]
    return 1


def rebinding():
    held = Block(1004010)
    held = Block(1004011)
    del held
    several = [Block(1004012)]
    several.clear()
    several = [Block(1004013)]
    several[0] = \
        Block(1004014)


def cycle():
    loop = [Block(1004020)]
    loop.append(loop)


def holding_generator():
    held = Block(1004030)
    yield held.__class__
    held = None


returning()
value = returning()
rebinding()
gc.collect()
cycle()
M(1004021)
gc.collect()
running = holding_generator()
next(running)
del running
for running in holding_generator():
    M(1004031)
[Block(1004040 + i) and None for i in range(2)]
(lambda argument: None)(Block(1004050))
max(1, 2, key=lambda item, held=Block(1004051): item)
item = Block(1004052)
item = None


# -------------------------------------------------------------------------------------- async
async def coroutine(size):
    M(size)
    await asyncio.sleep(
        0)
    M(size + 1)
    async with Manager() as managed:
        M(size + 2)
    async for item in counted(2):
        M(size + 3 + item)
    return [M(size + 10 + item)
            async for item in counted(2)]


class Manager:
    async def __aenter__(self):
        M(1005000)

    async def __aexit__(self, *exception):
        M(1005001)


async def counted(count):
    for item in range(count):
        M(1005010 + item)
        yield item


loop = asyncio.new_event_loop()
loop.run_until_complete(
    coroutine(1005020))
loop.close()
by_hand = coroutine(1005040)
try:
    while True:
        by_hand.send(
            None)
except StopIteration:
    M(1005060)


# ------------------------------------------------------------------------- names beyond ASCII
def überschüsse():
    M(1006000)
    return [M(1006001) for ß in range(1)]


überschüsse()


class Größe:
    M(1006002)
