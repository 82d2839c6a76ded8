"""From a query's codes to the references worth verifying, and to those it shows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from matching.index.local.cells import flat_words
from matching.index.local.evidence import Band, Evidence, decide
from matching.index.local.search_kernel import near_codes
from matching.index.local.shapes import Bytes, Places, Query
from matching.index.local.tables import Tables
from matching.index.local.verification import verify_rows
from matching.index.local.vote_kernel import count_votes

SEED_RADIUS: Final = 40
EFFORT: Final = (16, 24, 14_000)
"""Tops and cells each code of a query looks into, and how many codes are enough."""

MAX_CANDIDATES: Final = 400

_ROOM: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reference worth verifying: its row, which way round, and how many seeds agree."""

    row: int
    mirrored: bool
    votes: int


@dataclass(frozen=True, slots=True)
class LocalMatch:
    """A reference the query shows, by the id it was stored under."""

    id: int
    evidence: Evidence
    band: Band


def find_candidates(tables: Tables, query: Query, limit: int) -> list[Candidate]:
    """At most `limit` references, those with the weightiest votes first."""
    queries = np.concatenate([query.codes, query.mirrored])
    owners, positions, distances = _seeds(tables, queries)
    keypoints = len(query.codes)
    shown = query.geometry[owners % max(1, keypoints)]
    stored = tables.geometry.reshape(-1, 4)[positions].astype(np.float32)
    angle = (stored[:, 3] + 0.5) * np.float32(360 / 256)
    angle = np.where(owners >= keypoints, 180 - angle, angle)
    turns = (shown[:, 3] - angle) % np.float32(360)
    growths = np.log(shown[:, 2]) - (stored[:, 2] + np.float32(0.5)) / 40
    room = min(2 * len(tables), len(owners))
    found, votes = np.empty(room, np.int32), np.empty(room, np.int32)
    weights = np.empty(room, np.float32)
    count = count_votes(
        owners, positions, distances, tables.rows[positions],
        turns.astype(np.float32), growths.astype(np.float32),
        SEED_RADIUS, keypoints, len(tables), found, votes, weights,
    )  # fmt: skip
    best = np.argsort(-weights[:count], kind="stable")[:limit].tolist()
    return [Candidate(int(found[n]) // 2, bool(found[n] % 2), int(votes[n])) for n in best]


def find_matches(
    tables: Tables, query: Query, *, limit: int = MAX_CANDIDATES, exclude: Collection[int] = ()
) -> list[LocalMatch]:
    """The references a query shows, at least for review: the strongest evidence first."""
    candidates = find_candidates(tables, query, limit)
    if exclude:
        candidates = [c for c in candidates if int(tables.ids[c.row]) not in exclude]
    matches = [
        LocalMatch(identity, evidence, decide(evidence))
        for identity, evidence in weigh_candidates(tables, query, candidates).items()
    ]
    shown = [match for match in matches if match.band is not Band.NONE]
    return sorted(shown, key=lambda match: (-match.evidence.e, match.id))


def weigh_candidates(
    tables: Tables, query: Query, candidates: Sequence[Candidate], *, refine: bool = True
) -> dict[int, Evidence]:
    """The strongest evidence for each id that has any; `refine` as in `verify`."""
    best: dict[int, Evidence] = {}
    rows, mirrored = [c.row for c in candidates], [c.mirrored for c in candidates]
    for row, evidence in verify_rows(tables, query, rows, mirrored, refine=refine):
        identity = int(tables.ids[row])
        if identity not in best or evidence.e > best[identity].e:
            best[identity] = evidence
    return best


def _seeds(tables: Tables, queries: Bytes) -> tuple[Places, Places, Bytes]:
    """Query code, position and distance of all pairs within the seed radius."""
    words, room = flat_words(queries), _ROOM
    while True:
        owners, positions = np.empty(room, np.int32), np.empty(room, np.int32)
        distances = np.empty(room, np.uint8)
        found = near_codes(
            tables.tops, tables.centres, tables.limits, tables.words, words,
            SEED_RADIUS, EFFORT, owners, positions, distances,
        )  # fmt: skip
        if found <= room:
            return owners[:found], positions[:found], distances[:found]
        room = found
