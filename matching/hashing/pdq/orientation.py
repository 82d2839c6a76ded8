"""The eight ways to turn and mirror a rectangle, numbered as EXIF numbers them.

Turn `k` = 0..7 stands for EXIF orientation `k + 1`: what a viewer does to stored pixels that carry
that tag. Each turn is: flip the rows, flip the columns, then perhaps swap rows for columns.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Turn:
    """One of the eight: rows reversed, columns reversed, then transposed."""

    flip_rows: bool
    flip_columns: bool
    transpose: bool

    def then(self, other: "Turn") -> "Turn":
        """The single turn that equals this one followed by `other`."""
        rows, columns = other.flip_rows, other.flip_columns
        if self.transpose:
            rows, columns = columns, rows
        return Turn(
            self.flip_rows ^ rows, self.flip_columns ^ columns, self.transpose ^ other.transpose
        )


TURNS: Final = (
    Turn(flip_rows=False, flip_columns=False, transpose=False),  # upright
    Turn(flip_rows=False, flip_columns=True, transpose=False),  # mirrored left to right
    Turn(flip_rows=True, flip_columns=True, transpose=False),  # rotated by 180 degrees
    Turn(flip_rows=True, flip_columns=False, transpose=False),  # mirrored top to bottom
    Turn(flip_rows=False, flip_columns=False, transpose=True),  # mirrored at the main diagonal
    Turn(flip_rows=True, flip_columns=False, transpose=True),  # rotated clockwise by 90 degrees
    Turn(flip_rows=True, flip_columns=True, transpose=True),  # mirrored at the other diagonal
    Turn(flip_rows=False, flip_columns=True, transpose=True),  # rotated clockwise by 270 degrees
)
