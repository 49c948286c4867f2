"""A signal is a request; its echo is not a second one."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from ncmc.system import signals
from ncmc.system.signals import Interrupted, Interrupts


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    """Signals are heard, whatever the suite was started to ignore."""
    usual = {signal.SIGINT: signal.default_int_handler}
    before = {n: signal.signal(n, usual.get(n, signal.SIG_DFL)) for n in signals.SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", signals.SIGNALS)
def test_the_first_signal_and_its_echo_are_one_request(number: int) -> None:
    before = signal.getsignal(number)
    with pytest.raises(Interrupted), Interrupts() as asked:
        asked.defer()
        assert asked.received is None
        for _ in range(3):
            os.kill(os.getpid(), number)
        assert asked.received == number
    assert signal.getsignal(number) == before


def test_one_more_signal_a_while_later_acts_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "ECHO", 0.0)
    with pytest.raises(Interrupted), Interrupts() as asked:
        asked.defer()
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        assert asked.received == signal.SIGTERM


@pytest.mark.parametrize("number", signals.SIGNALS)
def test_a_signal_is_obeyed_at_once_while_there_is_nothing_to_save(number: int) -> None:
    with pytest.raises(Interrupted) as stopped, Interrupts():
        try:
            os.kill(os.getpid(), number)
        finally:
            os.kill(os.getpid(), number)  # its echo, while the work is given up
    assert stopped.value.exit_code == 128 + number


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("number", signals.SIGNALS)
def test_a_signal_that_nothing_let_through_is_obeyed_at_the_end(number: int) -> None:
    class Deaf:
        def __del__(self) -> None:
            os.kill(os.getpid(), number)  # what it raises here Python only prints

    with pytest.raises(Interrupted) as stopped, Interrupts():
        Deaf()
    assert stopped.value.exit_code == 128 + number


def test_what_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupts() as asked:
            os.kill(os.getpid(), signal.SIGHUP)
            assert asked.received is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_process_whose_launcher_is_killed_asks_itself_to_stop() -> None:
    launcher = subprocess.Popen(["sleep", "60"])
    code = (
        "import time; from ncmc.system import signals\n"
        "signals.stop_without_launcher(); print('on', flush=True); time.sleep(60)"
    )
    environment = os.environ | {signals.LAUNCHER: str(launcher.pid)}
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True
    ) as training:
        assert training.stdout
        assert training.stdout.readline() == "on\n"
        assert training.poll() is None
        launcher.kill()
        launcher.wait()
        assert training.wait(timeout=20) == -signal.SIGTERM
