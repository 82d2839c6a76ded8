"""JSON documents of any size, read piece by piece: one record in memory at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from matching.importers.rows import FileUnreadable

CHUNK: Final = 1 << 16
LARGEST_VALUE: Final = 1 << 20  # characters; an honest record takes a few thousand
DEEPEST: Final = 50
TOO_EARLY: Final = "the document ends too early"
_BLANKS: Final = " \t\n\r"
_decode: Final = json.JSONDecoder().raw_decode


class JsonStream:
    """A cursor over a document. Whoever asks for `members` or `items` consumes each in turn.

    Everything raises FileUnreadable, with line and column, for what is not JSON, not UTF-8, ends
    too early or is larger than LARGEST_VALUE in one piece.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._undecoded = b""
        self._buffer = ""
        self._at = 0
        self._line, self._column = 1, 0  # of the buffer's first character
        self._ended = False
        if self._peek() == "\ufeff":
            self._at += 1

    def peek(self) -> str:
        """The next character that is not blank, or nothing at the end of the document."""
        while (char := self._peek()) and char in _BLANKS:
            self._at += 1
        return char

    def value(self) -> Any:
        """The next value as a whole."""
        self.peek()
        while True:
            try:
                value, end = _decode(self._buffer, self._at)
            except (ValueError, RecursionError) as error:
                if self._ended or not isinstance(error, json.JSONDecodeError):
                    raise self._error(self._told(error)) from error
            else:
                if end < len(self._buffer) or self._ended:  # else a number may go on
                    self._at = end
                    return value
            if len(self._buffer) - self._at > LARGEST_VALUE:
                raise self._error(f"no JSON, or a value of more than {LARGEST_VALUE} characters")
            self._fill(max(CHUNK, len(self._buffer) - self._at))

    def small_value(self) -> Any:
        """The next value, if it is well-formed and within the next CHUNK; else None, unread."""
        self.peek()
        if len(self._buffer) - self._at < CHUNK and not self._ended:
            self._fill(CHUNK)
        try:
            value, end = _decode(self._buffer, self._at)
        except (ValueError, RecursionError):
            return None
        if end == len(self._buffer) and not self._ended:
            return None
        self._at = end
        return value

    def members(self) -> Iterator[str]:
        """The names in an object; before the next one the value has to be consumed."""
        self._expect("{")
        while self.peek() != "}":
            name = self.value()
            if not isinstance(name, str):
                raise self._error("a name was expected")
            self._expect(":")
            yield name
            self._separate("}")
        self._at += 1

    def items(self) -> Iterator[None]:
        """One turn for each value in a list, which has to be consumed in it."""
        self._expect("[")
        while self.peek() != "]":
            yield None
            self._separate("]")
        self._at += 1

    def skip(self, depth: int = 0) -> None:
        """Pass over a value of any size."""
        if depth > DEEPEST:
            raise self._error("nested beyond all bounds")
        opening = self.peek()
        if opening not in ("{", "["):
            self.value()
            return
        for _ in self.members() if opening == "{" else self.items():
            self.skip(depth + 1)

    def end(self) -> None:
        """Make sure that nothing follows."""
        if self.peek():
            raise self._error("something follows the end of the document")

    def _peek(self) -> str:
        if self._at >= len(self._buffer) and not self._ended:
            self._fill(CHUNK)
        return self._buffer[self._at : self._at + 1]

    def _expect(self, char: str) -> None:
        if self.peek() != char:
            raise self._error(f"{char!r} was expected")
        self._at += 1

    def _separate(self, closing: str) -> None:
        found = self.peek()
        if found == ",":
            self._at += 1
            if self.peek() == closing:
                raise self._error("a value was expected")
        elif found != closing:
            raise self._error(f"',' or {closing!r} was expected")

    def _fill(self, size: int) -> None:
        """Read on, and forget what lies before the cursor."""
        passed = self._buffer[: self._at]
        if newlines := passed.count("\n"):
            self._line, self._column = self._line + newlines, 0
        self._column += len(passed) - (passed.rfind("\n") + 1)
        data = self._file.read(size)
        self._ended = not data
        self._buffer, self._at = self._buffer[self._at :] + self._decoded(data), 0

    def _decoded(self, data: bytes) -> str:
        whole = self._undecoded + data
        try:
            text = whole.decode()
            self._undecoded = b""
        except UnicodeDecodeError as error:
            cut = whole[error.start :]
            if self._ended or len(cut) > 3:
                raise self._error("not valid UTF-8, from here on or soon after") from error
            text, self._undecoded = whole[: error.start].decode(), cut
        return text

    def _error(self, problem: str) -> FileUnreadable:
        if self._ended and self._at >= len(self._buffer):
            problem = TOO_EARLY
        passed = self._buffer[: self._at]
        newlines = passed.count("\n")
        column = len(passed) - (passed.rfind("\n") + 1) + (0 if newlines else self._column)
        return FileUnreadable(f"line {self._line + newlines}, column {column + 1}: {problem}")

    def _told(self, error: Exception) -> str:
        """The error without the text it is about."""
        if not isinstance(error, json.JSONDecodeError):
            return "not JSON: a number or nesting too large"
        if error.pos >= len(self._buffer) or error.msg.startswith("Unterminated"):
            return TOO_EARLY
        return f"not JSON: {error.msg}"
