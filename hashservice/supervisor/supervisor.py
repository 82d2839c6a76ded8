"""One process that keeps the service's processes alive and ends them together."""

from __future__ import annotations

import selectors
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from hashservice.supervisor.child import Child
from hashservice.supervisor.programs import STOP_SECONDS, Program

_TICK_SECONDS = 0.2
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Supervisor:
    """Runs `programs` in `folder` with `environ`; a line of output goes to `say` under its name.

    `duties` are called at every tick (five a second) while the programs run. Single-threaded: the
    kernel ties the children's life to the thread that started them.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        environ: Mapping[str, str],
        folder: Path,
        say: Callable[[str], None],
        duties: Sequence[Callable[[], None]] = (),
        stop_seconds: float = STOP_SECONDS + 5,
    ) -> None:
        self._programs = programs
        self._environ = environ
        self._folder = folder
        self._say = say
        self._duties = duties
        self._stop_seconds = stop_seconds
        self._width = max(len(program.name) for program in programs)
        self._children: list[Child] = []
        self._orders_to_stop = 0

    def run(self) -> None:
        """Returns after SIGTERM or SIGINT, when every child has ended; a second signal hurries."""
        with self._listening(), selectors.DefaultSelector() as self._outputs:
            try:
                for program in self._programs:
                    self._add(Child(program, environ=self._environ, folder=self._folder))
                while not self._orders_to_stop:
                    self._tick()
            finally:
                self._stop()

    def _tick(self) -> None:
        self._relay(_TICK_SECONDS)
        for child in self._children:
            self._look_after(child)
        for duty in self._duties:
            duty()

    def _add(self, child: Child) -> None:
        self._children.append(child)
        self._outputs.register(child.output, selectors.EVENT_READ, child)

    def _look_after(self, child: Child) -> None:
        news = child.mourn()
        if news is not None:
            self._print(child, news)
        if child.is_due():
            self._outputs.unregister(child.output)
            child.restart()
            self._outputs.register(child.output, selectors.EVENT_READ, child)

    def _relay(self, seconds: float) -> None:
        """Wait at most `seconds` for output, and pass on what is there."""
        started = time.monotonic()
        for key, _ in self._outputs.select(seconds):
            for line in key.data.read_lines():
                self._print(key.data, line)
        # A closed pipe is always ready: without this a dead child would keep us busy.
        time.sleep(max(0.0, min(seconds, 0.02) - (time.monotonic() - started)))

    def _stop(self) -> None:
        for child in self._children:
            child.ask_to_stop()
        deadline = time.monotonic() + self._stop_seconds
        while self._anyone_runs() and time.monotonic() < deadline and self._orders_to_stop < 2:
            self._relay(_TICK_SECONDS)
        self._relay(0)
        for child in self._children:
            child.end()

    def _anyone_runs(self) -> bool:
        return any(child.is_running() for child in self._children)

    def _print(self, child: Child, line: str) -> None:
        self._say(f"{child.name:<{self._width}} | {line}")

    @contextmanager
    def _listening(self) -> Iterator[None]:
        before = {number: signal.signal(number, self._order) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _order(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self._orders_to_stop += 1
