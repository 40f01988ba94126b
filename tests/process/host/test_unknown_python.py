"""A CPython whose structures are not known runs as usual. Its events have no Python line, and one line
names its version."""
import runs


def test_events_without_frames(build):
    run = runs.Run([build.path('unknown_python')], runs.environment(LD_PRELOAD=build.library))
    assert (run.status, run.stdout) == (5, 'done\n')
    assert run.stderr.startswith(
        'pymemflow: CPython 3.99.7 is not known to this version (this version is not supported): '
        'its events have no Python frame\n')
    assert run.stderr.count('pymemflow: CPython') == 1
    assert run.stderr.count('\ndtrace:::BEGIN\n\ndtrace:::END\n') == 1
    assert run.stderr.count('   unknown_python`allocate, total bytes = 7000 \n') == 1
    assert run.stderr.count(', 0 lost\n') == 1
    # Nothing of our own is among the host's events.
    assert 'libpymemflow' not in run.stderr
