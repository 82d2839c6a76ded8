"""Where in a line of CSV each field stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Self

from matching.importers.guards import RecordInvalid
from matching.importers.mapping import Column


@dataclass(frozen=True, slots=True)
class Layout:
    """`places` are indexes by field. `width` is how many cells a line has, or has at least."""

    places: Mapping[str, int]
    width: int
    exact: bool = False

    @classmethod
    def by_number(cls, columns: Mapping[str, Column]) -> Self:
        """For files without a header."""
        places = {name: int(column.place) - 1 for name, column in columns.items()}
        return cls(places, max(places.values()) + 1)

    @classmethod
    def by_header(cls, columns: Mapping[str, Column], header: Sequence[str]) -> Self:
        """Raises RecordInvalid when a column is missing, or there twice."""
        titles = [title.strip().casefold() for title in header]
        places = {name: _found(column, titles) for name, column in columns.items()}
        return cls(places, len(titles), exact=True)

    @classmethod
    def to_write(cls, columns: Mapping[str, Column]) -> Self:
        """Numbered columns take their places, named ones the free places in order."""
        taken = {column.place for column in columns.values()}
        free = (number for number in count(1) if number not in taken)
        places = {
            name: (column.place if isinstance(column.place, int) else next(free)) - 1
            for name, column in columns.items()
        }
        return cls(places, max(places.values()) + 1, exact=True)

    def cells(self, record: Sequence[str]) -> dict[str, str]:
        """The mapped cells of a line, by field. Raises RecordInvalid for a line of other width."""
        if len(record) < self.width or (self.exact and len(record) > self.width):
            raise RecordInvalid(f"has {len(record)} columns instead of {self.width}")
        return {name: record[place].strip() for name, place in self.places.items()}

    def record(self, cells: Mapping[str, str]) -> list[str]:
        """A line with `cells` in their places; the rest stays empty."""
        record = [""] * self.width
        for name, place in self.places.items():
            record[place] = cells.get(name, "")
        return record

    def titles(self, columns: Mapping[str, Column]) -> list[str]:
        """The header line."""
        named = {
            name: column.place if isinstance(column.place, str) else name
            for name, column in columns.items()
        }
        return self.record(named)


def _found(column: Column, titles: Sequence[str]) -> int:
    if isinstance(column.place, int):
        if column.place > len(titles):
            raise RecordInvalid(f"there is no column {column.place}")
        return column.place - 1
    matches = titles.count(column.place.casefold())
    if matches != 1:
        problem = "no column" if matches == 0 else "more than one column"
        raise RecordInvalid(f"there is {problem} {column.place!r}")
    return titles.index(column.place.casefold())
