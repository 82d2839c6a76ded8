"""Lines of a text file of any size and doubtful origin, in bounded memory."""

from __future__ import annotations

import codecs
import io
from typing import BinaryIO, Final, Self

from matching.importers.guards import RecordInvalid

LONGEST_LINE: Final = 1 << 20  # characters; an honest record takes a few hundred


class Lines:
    """Iterates over the lines of `file`, with their ends; `number` is that of the last one, from 1.

    Bytes that are not valid in `encoding` become U+FFFD, so that they spoil one record only. A line
    of more than LONGEST_LINE raises RecordInvalid and is skipped; the iteration can go on.
    """

    def __init__(self, file: BinaryIO, *, encoding: str) -> None:
        self._text = io.TextIOWrapper(
            file, encoding=_tolerant_of_bom(encoding), errors="replace", newline=""
        )
        self.number = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._text.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        if _is_cut(line):
            self._skip_rest()
            raise RecordInvalid(f"a line of more than {LONGEST_LINE} characters")
        return line

    def close(self) -> None:
        """Let go of `file` without closing it: it belongs to the caller."""
        self._text.detach()

    def _skip_rest(self) -> None:
        while _is_cut(self._text.readline(LONGEST_LINE)):
            pass


def _is_cut(line: str) -> bool:
    return len(line) == LONGEST_LINE and not line.endswith(("\n", "\r"))


def _tolerant_of_bom(encoding: str) -> str:
    return "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding
