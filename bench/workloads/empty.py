"""Nothing but the start and the end of Python."""
