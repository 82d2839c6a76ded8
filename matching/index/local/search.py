"""From a query's codes to the references worth verifying, and to those it shows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from matching.index.local.cells import flat_words
from matching.index.local.evidence import Band, Evidence, decide
from matching.index.local.search_kernel import near_codes
from matching.index.local.shapes import Bytes, Floats, Places, Query
from matching.index.local.tables import Tables
from matching.index.local.verification import verify_rows
from matching.index.local.vote_kernel import count_votes

SEED_RADIUS: Final = 40
EFFORT: Final = (16, 24, 14_000)
"""Tops and cells each code of a query looks into, and how many codes are enough."""

MAX_CANDIDATES: Final = 400

_ROOM: Final = 1 << 16


class Seeds(NamedTuple):
    """Pairs of codes within the seed radius, (n,) each.

    `owners` numbers the query's codes, first as they are, then mirrored; `positions` names the
    stored codes; `distances` in bits.
    """

    owners: Places
    positions: Places
    distances: Bytes


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


def find_candidates(
    tables: Tables, query: Query, limit: int, exclude: Collection[int] = ()
) -> list[Candidate]:
    """At most `limit` references, those with the weightiest votes first."""
    seeds = _seeds(tables, np.concatenate([query.codes, query.mirrored]))
    turns, growths = _moves(tables, query, seeds)
    room = min(2 * len(tables), len(seeds.owners))
    found, votes = np.empty(room, np.int32), np.empty(room, np.int32)
    weights = np.empty(room, np.float32)
    count = count_votes(
        *seeds, tables.rows[seeds.positions], turns, growths,
        SEED_RADIUS, len(query.codes), len(tables), found, votes, weights,
    )  # fmt: skip
    order = np.argsort(-weights[:count], kind="stable")
    if exclude:
        ids = tables.ids[found[order] // 2]
        order = order[~np.isin(ids, np.fromiter(exclude, np.int64))]
    best = order[:limit].tolist()
    return [Candidate(int(found[n]) // 2, bool(found[n] % 2), int(votes[n])) for n in best]


def find_matches(
    tables: Tables, query: Query, *, limit: int = MAX_CANDIDATES, exclude: Collection[int] = ()
) -> list[LocalMatch]:
    """The references a query shows, at least for review: the strongest evidence first."""
    candidates = find_candidates(tables, query, limit, exclude)
    matches = [
        LocalMatch(identity, evidence, decide(evidence))
        for identity, evidence in weigh_candidates(tables, query, candidates).items()
    ]
    shown = [match for match in matches if match.band is not Band.NONE]
    return sorted(shown, key=lambda match: (-match.evidence.e, match.id))


def weigh_candidates(
    tables: Tables, query: Query, candidates: Sequence[Candidate]
) -> dict[int, Evidence]:
    """The strongest evidence for each id that has any."""
    best: dict[int, Evidence] = {}
    rows, mirrored = [c.row for c in candidates], [c.mirrored for c in candidates]
    for row, evidence in verify_rows(tables, query, rows, mirrored):
        identity = int(tables.ids[row])
        if identity not in best or evidence.e > best[identity].e:
            best[identity] = evidence
    return best


def _seeds(tables: Tables, queries: Bytes) -> Seeds:
    words, room = flat_words(queries), _ROOM
    while True:
        seeds = Seeds(np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.uint8))
        found = near_codes(
            tables.tops, tables.centres, tables.limits, tables.words, words,
            SEED_RADIUS, EFFORT, *seeds,
        )  # fmt: skip
        if found <= room:
            owners, positions, distances = seeds
            return Seeds(owners[:found], positions[:found], distances[:found])
        room = found


def _moves(tables: Tables, query: Query, seeds: Seeds) -> tuple[Floats, Floats]:
    """By how many degrees, and by which logarithm of a factor, each seed turns and grows."""
    keypoints = len(query.codes)
    shown = query.geometry[seeds.owners % max(1, keypoints)]
    stored = tables.geometry.reshape(-1, 4)[seeds.positions].astype(np.float32)
    angle = (stored[:, 3] + 0.5) * (360 / 256)
    angle = np.where(seeds.owners >= keypoints, 180 - angle, angle)
    turns = (shown[:, 3] - angle) % 360
    growths = np.log(shown[:, 2]) - (stored[:, 2] + 0.5) / 40
    return turns.astype(np.float32), growths.astype(np.float32)
