"""Waiting: one selector over all that a test listens to, and a condition with a deadline.

No test sleeps to be in step with a daemon. It waits here for what it wants to see, and what comes in
meanwhile is handled as it comes.
"""
import os
import selectors
import time

# Every wait for something that must happen ends after this, on a machine however busy.
PATIENCE = float(os.environ.get("SWIM_TEST_PATIENCE", 30))


class TimedOut(AssertionError):
    pass


class Pump:
    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.tickers = []       # have deadline() and tick(now), in seconds of time.monotonic

    def add(self, fileobj, events, handler):
        self.selector.register(fileobj, events, handler)

    def change(self, fileobj, events, handler):
        self.selector.modify(fileobj, events, handler)

    def remove(self, fileobj):
        self.selector.unregister(fileobj)

    def once(self, until):
        """Handle what comes until something came, or until then."""
        now = time.monotonic()
        wake = min([until] + [ticker.deadline() for ticker in self.tickers])
        for key, events in self.selector.select(max(0.0, wake - now)):
            key.data(events)
        now = time.monotonic()
        for ticker in list(self.tickers):
            if now >= ticker.deadline():
                ticker.tick(now)

    def wait(self, condition, what, seconds=None):
        """The first true value of condition(); TimedOut, with `what` (text or a function), if there is none."""
        end = time.monotonic() + (PATIENCE if seconds is None else seconds)
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() >= end:
                raise TimedOut(f"waited {PATIENCE if seconds is None else seconds:g} s in vain for: "
                               f"{what() if callable(what) else what}")
            # The condition may look at what is no event here, such as a file or a process.
            self.once(min(end, time.monotonic() + 0.05))

    def pass_time(self, seconds):
        """Let time go by where its passing is itself the subject (a cut of so many seconds, a silence)."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.once(end)

    def close(self):
        self.selector.close()
