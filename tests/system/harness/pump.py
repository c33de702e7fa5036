"""The event loop of a test: one selector over all sockets of the test, and waits for a condition with a deadline.

A test does not sleep to give a daemon time. A test waits here for a condition, and the pump handles what comes meanwhile.
"""
import os
import selectors
import time

# Seconds after which a wait for a condition fails; the limit is far above the time that a busy machine needs.
PATIENCE = float(os.environ.get("SWIM_TEST_PATIENCE", 30))


class TimedOut(AssertionError):
    pass


class Pump:
    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.tickers = []       # objects with deadline() and tick(now), in seconds of time.monotonic

    def add(self, fileobj, events, handler):
        self.selector.register(fileobj, events, handler)

    def change(self, fileobj, events, handler):
        self.selector.modify(fileobj, events, handler)

    def remove(self, fileobj):
        self.selector.unregister(fileobj)

    def once(self, until):
        """Wait for events until the instant `until`, handle those that come first, and call the tickers that are due."""
        now = time.monotonic()
        wake = min([until] + [ticker.deadline() for ticker in self.tickers])
        for key, events in self.selector.select(max(0.0, wake - now)):
            key.data(events)
        now = time.monotonic()
        for ticker in list(self.tickers):
            if now >= ticker.deadline():
                ticker.tick(now)

    def wait(self, condition, what, seconds=None):
        """Wait until condition() is true. Returns its value; raises TimedOut with the text or function `what` after `seconds`."""
        end = time.monotonic() + (PATIENCE if seconds is None else seconds)
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() >= end:
                raise TimedOut(f"waited {PATIENCE if seconds is None else seconds:g} s in vain for: "
                               f"{what() if callable(what) else what}")
            # At most 0.05 s, because the condition may be about something that is no event here, such as a file or a process.
            self.once(min(end, time.monotonic() + 0.05))

    def pass_time(self, seconds):
        """Run the pump for `seconds`, where the test is about a duration, such as a partition or a silence of some seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.once(end)

    def close(self):
        self.selector.close()
