"""A debug build is refused, with its reason, and no frame is read in it."""
import probe

known, version, reason = probe.status()
if (known, reason) != ("unknown", "debug build"):
    probe.fail("it is", known, version, reason)
probe.with_gil(*probe.BUFFERS)
if probe.BUFFERS[0].value != b"no frame":
    probe.fail("a frame was read:", probe.BUFFERS[0].value)
if probe.holding.probe_notice_deaths() != 0:
    probe.fail("its code type was changed")
