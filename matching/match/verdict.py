"""From signals to a three-valued verdict. Reads lists and index, writes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from matching.access import entries_found, version_and_digests
from matching.hashing import MIN_QUALITY, PDQ_RADIUS, Digests, QueryHashes
from matching.models import HashEntry, ListsVersion, MatchType, Verdict
from matching.snapshot import live
from tenants.models import ApiKey

FAR = 256  # bits; no two hashes lie further apart


class Stage(StrEnum):
    """The kinds of look-up that stand behind a verdict, in the order of their strength."""

    EXACT = "exact"
    NEAR = "near"


class NotCheckedReason(StrEnum):
    QUALITY_TOO_LOW = "quality_too_low"


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked up: digests of the bytes, and PDQ values worth trusting.

    `near` is an array (n, 32) of PDQ values: the rotations, mirrorings and frames of one image.
    `untrusted` says that some part of the image is too flat for its PDQ to mean anything.
    """

    digests: Digests | None
    near: NDArray[np.uint8]
    untrusted: bool

    @property
    def stages(self) -> list[Stage]:
        asked = {Stage.EXACT: self.digests is not None, Stage.NEAR: len(self.near) > 0}
        return [stage for stage, was_asked in asked.items() if was_asked]


@dataclass(frozen=True, slots=True)
class HashItem:
    """One item of a hash look-up; digests and `pdq` are raw bytes, absent ones None or empty."""

    content_id: str
    digests: Digests | None
    pdq: bytes | None = None
    pdq_quality: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """An entry that was met. The distance (bits, None for digests) is for curators only."""

    entry: HashEntry
    match_type: MatchType
    distance: int | None

    @property
    def rank(self) -> tuple[bool, int]:
        return self.match_type is not MatchType.EXACT, self.distance or 0


@dataclass(frozen=True, slots=True)
class Judgement:
    verdict: Verdict
    findings: list[Finding]
    checked: list[Stage]
    reason: NotCheckedReason | None
    version: ListsVersion


def question_of_image(image: QueryHashes) -> Question:
    untrusted = any(
        max(frame.quality, frame.trimmed_quality or 0) < MIN_QUALITY for frame in image.frames
    )
    return Question(digests=image.digests, near=image.trusted(), untrusted=untrusted)


def question_of_item(item: HashItem) -> Question:
    trusted = item.pdq_quality is None or item.pdq_quality >= MIN_QUALITY
    near = item.pdq if item.pdq and trusted else b""
    return Question(
        digests=item.digests,
        near=np.frombuffer(near, np.uint8).reshape(-1, 32),
        untrusted=bool(item.pdq) and not trusted,
    )


def judge(question: Question, *, key: ApiKey) -> Judgement:
    """The verdict for one question.

    A match wins; otherwise whatever could not be trusted makes it `not_checked`, so that
    `no_known_match` is only ever said of something that was looked at in full.

    Raises IndexUnavailable.
    """
    version, same_bytes = version_and_digests(question.digests)
    # Also for digests alone: a service that lost its index answers nothing.
    index = live.at(version)
    distances = index.search(question.near, PDQ_RADIUS) if len(question.near) else {}
    entries = entries_found(key=key, pks=same_bytes, pdq=distances)
    findings = _strongest(_findings(entries, question.digests, distances))
    if findings:
        verdict, reason = Verdict.MATCH, None
    elif question.untrusted:
        verdict, reason = Verdict.NOT_CHECKED, NotCheckedReason.QUALITY_TOO_LOW
    else:
        verdict, reason = Verdict.NO_KNOWN_MATCH, None
    return Judgement(verdict, findings, question.stages, reason, version)


def _findings(
    entries: Iterable[HashEntry], digests: Digests | None, distances: dict[bytes, int]
) -> Iterable[Finding]:
    for entry in entries:
        if _same_bytes(entry, digests):
            yield Finding(entry, MatchType.EXACT, None)
            continue
        distance = min((distances.get(v, FAR) for v in entry.searched_pdq), default=FAR)
        if distance <= entry.hash_list.pdq_threshold:
            yield Finding(entry, MatchType.NEAR, distance)


def _same_bytes(entry: HashEntry, digests: Digests | None) -> bool:
    if digests is None:
        return False
    pairs = (
        (entry.sha256, digests.sha256),
        (entry.sha1, digests.sha1),
        (entry.md5, digests.md5),
    )
    return any(stored and asked and bytes(stored) == asked for stored, asked in pairs)


def _strongest(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for each list and violation: the strongest of them."""
    best: dict[tuple[int, str], Finding] = {}
    for finding in findings:
        group = (finding.entry.hash_list_id, finding.entry.violation)
        if group not in best or finding.rank < best[group].rank:
            best[group] = finding
    return sorted(best.values(), key=lambda finding: finding.rank)
