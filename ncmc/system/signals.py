"""SIGTERM, SIGHUP and Ctrl-C as a request that a loop can look at between two steps."""

import os
import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
LAUNCHER = "NCMC_LAUNCHER"  # the process without which this one has no purpose
SECONDS = 2.0  # between two looks at it
ECHO = 3.0  # seconds: a launcher passes on a signal that its processes have had themselves


class Interrupted(BaseException):
    """The run was asked to stop, has saved a checkpoint and stops. Exit code 128 + signal."""

    def __init__(self, number: int):
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


class Interrupts:
    """While active, a signal raises `Interrupted`, at once or, after `defer`, where the work asks.

    Deferred, the first signal only sets `received`; one more, a while later, acts at once. One that
    nobody obeyed, as it came after the last look, or while an import or a destructor that lets no
    exception through was running, is obeyed at the end. Signals that the process was started to ignore
    (nohup) stay ignored.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._deferred = False
        self._since = 0.0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Interrupts":
        if threading.current_thread() is threading.main_thread():
            wanted = [n for n in SIGNALS if signal.getsignal(n) != signal.SIG_IGN]
            self._before = {number: signal.signal(number, self._note) for number in wanted}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._restore()
        if error is None and self.received is not None:
            raise Interrupted(self.received)

    def defer(self) -> None:
        """From here on there is something to save before a signal is obeyed."""
        self._deferred = True

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.received is None:
            self.received, self._since = number, time.monotonic()
            if not self._deferred:
                raise Interrupted(number)
        elif time.monotonic() - self._since > ECHO:
            self._restore()
            signal.raise_signal(number)

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}


def ignore() -> None:
    """For a process that is about to end: there is nothing left to stop."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def stop_without_launcher() -> None:
    """Send this process SIGTERM when the one that NCMC_LAUNCHER names is gone, as after `kill -9`.

    A shell lies between the two, so that neither hears of the other's end.
    """
    launcher = os.environ.get(LAUNCHER, "")
    if launcher.isdecimal():
        threading.Thread(target=_watch, args=(int(launcher),), daemon=True).start()


def _watch(launcher: int) -> None:
    while _is_alive(launcher):
        time.sleep(SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except PermissionError:  # there is one, and it is somebody else's
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True
