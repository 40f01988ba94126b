"""Allocates blocks of known sizes, in functions of known names, for other victims."""
import cMemLeak


def before(count=100):
    for i in range(count):
        cMemLeak.malloc(77000 + i)


def after(count=100):
    for i in range(count):
        cMemLeak.malloc(30000 + i)


def child(count=100):
    for i in range(count):
        cMemLeak.malloc(40000 + i)
