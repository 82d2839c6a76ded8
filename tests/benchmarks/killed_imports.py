"""Kill imports in their middle: `python -m tests.benchmarks.killed_imports [--rows N] [--kills K]`.

On a PostgreSQL of its own. `import_hash_list` gets SIGKILL at K places of its file and must have
changed nothing each time; then it runs to its end, and once more, which must change nothing. Prints
what was found after each step, and the peak of memory; ends with 1 if anything is not as it should
be.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.imports import WRITERS
from tests.benchmarks.installation import Installation, installation

LIST: Final = "killed"
PROJECT: Final = Path(__file__).resolve().parent.parent.parent
POLL_SECONDS: Final = 0.02


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.killed_imports")
    parser.add_argument("--rows", type=lambda text: int(float(text)), default=300_000)
    parser.add_argument("--kills", type=int, default=3)
    options = parser.parse_args()
    with installation(workers=1) as installed:
        trial = _Trial(installed, options.rows)
        trial.by_command(options.kills)
    sys.exit(1 if trial.failed else 0)


class _Trial:
    def __init__(self, installed: Installation, rows: int) -> None:
        self.installed = installed
        self.rows = rows
        self.failed = False
        self.path = installed.folder / "list.signatures"
        with self.path.open("wb") as file:
            file.writelines(WRITERS["signatures"](rows))
        self.asked = installed.start("tests.benchmarks.counting", LIST)
        self.state()

    def by_command(self, kills: int) -> None:
        for kill in range(1, kills + 1):
            share = kill / (kills + 1)
            killed = self._killed(self._command(), share)
            self.expect(f"killed at {share:.0%} ({killed} bytes read)", entries=0)
        for turn in ("to its end", "repeated"):
            child = self._command()
            peak = _peak_of(child)
            self.failed |= child.returncode != 0
            step = f"{turn}, status {child.returncode}, peak {peak:.0f} MB"
            self.expect(step, entries=self.rows, doubles=0)

    def expect(self, step: str, **wanted: int) -> None:
        found = self.state()
        is_right = all(found[name] == value for name, value in wanted.items())
        self.failed |= not is_right
        print(f"{step}: {'right' if is_right else 'WRONG'} {found}", flush=True)

    def state(self) -> dict[str, Any]:
        return self.ask("state")

    def ask(self, order: str) -> dict[str, Any]:
        assert self.asked.stdin is not None
        assert self.asked.stdout is not None
        self.asked.stdin.write(order + "\n")
        self.asked.stdin.flush()
        return dict(json.loads(self.asked.stdout.readline()))

    def _command(self) -> subprocess.Popen[bytes]:
        options = ["--list", LIST, "--format", "signatures", "--as", "adder"]
        return self._child("manage.py", "import_hash_list", str(self.path), *options)

    def _child(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=PROJECT,
            env=self.installed.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _killed(self, child: subprocess.Popen[bytes], share: float) -> int:
        """SIGKILL once it has read that share of the file; how many bytes that were."""
        wanted = share * self.path.stat().st_size
        for read in _bytes_read(child, self.path):
            if read >= wanted:
                child.send_signal(signal.SIGKILL)
                child.wait()
                return read
        raise RuntimeError(f"it ended before it could be killed, with {child.returncode}")


def _bytes_read(child: subprocess.Popen[bytes], path: Path) -> Iterator[int]:
    """How far the child has come in the file, as the kernel knows it, until it ends."""
    while child.poll() is None:
        time.sleep(POLL_SECONDS)
        for link in Path(f"/proc/{child.pid}/fd").glob("*"):
            if link.is_symlink() and str(link.readlink()) == str(path):
                info = Path(f"/proc/{child.pid}/fdinfo/{link.name}").read_text()
                yield int(info.split()[1])


def _peak_of(child: subprocess.Popen[bytes]) -> float:
    """The largest resident size that was seen until the child's end, in MB."""
    peak = 0
    while child.poll() is None:
        status = Path(f"/proc/{child.pid}/status").read_text()
        peak = max([peak, *(int(line.split()[1]) for line in _lines(status, "VmHWM"))])
        time.sleep(POLL_SECONDS)
    return peak / 1024


def _lines(text: str, name: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(name)]


if __name__ == "__main__":
    main()
