"""How long a test is: scripts/soak sets PMF_LONG, and then what takes seconds takes minutes."""
import os

IS_LONG = os.environ.get('PMF_LONG') == '1'


def pick(short, long):
    return long if IS_LONG else short


def say(text):
    """For the summary of scripts/soak."""
    if IS_LONG:
        print('soak: ' + text, flush=True)
