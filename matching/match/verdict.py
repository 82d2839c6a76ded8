"""From signals to a three-valued verdict. Reads lists and index, writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from matching.access import entries_found, entries_shown, entries_with_digests, version_for
from matching.hashing import MIN_QUALITY, PDQ_RADIUS, Digests, QueryHashes, SignalType
from matching.hashing.local import Extracted
from matching.index.local import Evidence, LocalMatch
from matching.models import (
    EVERYTHING,
    Confidence,
    HashEntry,
    ListEffect,
    ListState,
    ListsVersion,
    MatchType,
    Verdict,
)
from matching.partial import live_partial
from matching.photodna import live_photodna
from matching.snapshot import live
from tenants.models import ApiKey

ORDER = tuple(MatchType)
DIGESTS = (SignalType.SHA256, SignalType.SHA1, SignalType.MD5)


class Stage(StrEnum):
    """The kinds of look-up that stand behind a verdict, in the order of their strength."""

    EXACT = "exact"
    NEAR = "near"
    PARTIAL = "partial"


class NotCheckedReason(StrEnum):
    QUALITY_TOO_LOW = "quality_too_low"
    NEEDS_REVIEW = "needs_review"
    SIGNAL_STOPPED = "signal_stopped"
    SIGNAL_NOT_LISTED = "signal_not_listed"
    PARTS_NOT_SOUGHT = "parts_not_sought"


class MatchingStopped(Exception):
    """Curators have stopped everything: nothing may be answered."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked up: digests of the bytes, and PDQ values worth trusting.

    `near` is an array (n, 32) of PDQ values: the rotations, mirrorings and frames of one image.
    `untrusted` says that some part of the image is too flat for its PDQ to mean anything.
    `parts` is what known pictures are sought in part by; None when that was not asked for.
    `photodna` is a PhotoDNA value (144 bytes) that the asker made, or None.
    """

    digests: Digests | None
    near: NDArray[np.uint8]
    untrusted: bool
    parts: tuple[Extracted, ...] | None = None
    photodna: bytes | None = None

    @property
    def signals(self) -> dict[Stage, set[str]]:
        """The signal types that each stage looks up."""
        digests = {name.value for name in DIGESTS if getattr(self.digests, name, None)}
        near = {SignalType.PDQ.value} if len(self.near) else set()
        near |= {SignalType.PHOTODNA.value} if self.photodna else set()
        local = {SignalType.LOCAL.value} if self.parts is not None else set()
        asked = {Stage.EXACT: digests, Stage.NEAR: near, Stage.PARTIAL: local}
        return {stage: signals for stage, signals in asked.items() if signals}

    def stages(self, stopped: Collection[str]) -> list[Stage]:
        """The stages that look at all they should: none of their signal types is `stopped`."""
        return [stage for stage, signals in self.signals.items() if not signals & {*stopped}]


@dataclass(frozen=True, slots=True)
class HashItem:
    """One item of a hash look-up; digests and `pdq` are raw bytes, absent ones None or empty."""

    content_id: str
    digests: Digests | None
    pdq: bytes | None = None
    pdq_quality: int | None = None
    photodna: bytes | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """An entry that was met. Distance and evidence are for curators only.

    The distance of near ones is in bits, of those met by PhotoDNA squared Euclidean.
    """

    entry: HashEntry
    match_type: MatchType
    distance: int | None = None
    evidence: Evidence | None = None
    confidence: Confidence | None = None

    @property
    def rank(self) -> tuple[int, bool, int]:
        return ORDER.index(self.match_type), self.is_doubtful, self.distance or 0

    @property
    def is_doubtful(self) -> bool:
        """Whether a person has to look before anybody acts on it."""
        return self.confidence is Confidence.REVIEW

    @property
    def is_shadow(self) -> bool:
        hash_list = self.entry.hash_list
        return hash_list.state == ListState.SHADOW and hash_list.effect == ListEffect.MATCH

    @property
    def is_harmless(self) -> bool:
        return self.entry.hash_list.effect == ListEffect.NEVER


@dataclass(frozen=True, slots=True)
class Judgement:
    verdict: Verdict
    findings: list[Finding]
    checked: list[Stage]
    reason: NotCheckedReason | None
    version: ListsVersion
    shadow: list[Finding]  # of lists on probation: to be counted, never to be told


def question_of_image(
    image: QueryHashes, *, parts: tuple[Extracted, ...] | None = None
) -> Question:
    return Question(
        digests=image.digests,
        near=image.trusted(),
        untrusted=not image.is_judged_whole,
        parts=parts,
    )


def question_of_item(item: HashItem) -> Question:
    trusted = item.pdq_quality is None or item.pdq_quality >= MIN_QUALITY
    near = item.pdq if item.pdq and trusted else b""
    return Question(
        digests=item.digests,
        near=np.frombuffer(near, np.uint8).reshape(-1, 32),
        untrusted=bool(item.pdq) and not trusted,
        photodna=item.photodna or None,
    )


def judge(question: Question, *, key: ApiKey) -> Judgement:
    """The verdict for one question.

    Raises IndexUnavailable, PartialIndexUnavailable, MatchingStopped.
    """
    [judgement] = judge_all([question], key=key)
    return judgement


def judge_all(questions: Sequence[Question], *, key: ApiKey) -> list[Judgement]:
    """The verdicts for `questions`, all by the same lists version.

    What nobody lists costs no statement, anything else at most two, beside one for a version that
    the key did not bring along. Raises IndexUnavailable, MatchingStopped.
    """
    version = version_for(key)
    if EVERYTHING in version.stopped:
        raise MatchingStopped
    # Also for digests alone: a service that lost its index answers nothing.
    index = live.at(version)
    digests = [q.digests for q in questions if q.digests and index.may_list(q.digests)]
    same_bytes = entries_with_digests(key=key, digests=digests)
    near = [index.search(q.near, PDQ_RADIUS) if len(q.near) else {} for q in questions]
    shown = [_shown(question, version) for question in questions]
    alike = [_alike(question, version) for question in questions]
    pks = [*same_bytes, *set().union(*shown, *(found or () for found in alike))]
    entries = entries_found(key=key, pks=pks, pdq=set().union(*near))
    by_signal, by_key = _by_signal(entries), {entry.pk: entry for entry in entries}
    met = [
        [
            *_findings(question, distances, by_signal, version.stopped),
            *_partial(seen, by_key),
            *_near(found or {}, by_key),
        ]
        for question, distances, seen, found in zip(questions, near, shown, alike, strict=True)
    ]
    unlisted = [found is None for found in alike]
    return [_judged(*one, version) for one in zip(questions, met, unlisted, strict=True)]


def _alike(question: Question, version: ListsVersion) -> dict[int, int] | None:
    """The entries near to the question's PhotoDNA value; None when no list carries any."""
    if question.photodna is None or SignalType.PHOTODNA in version.stopped:
        return {}
    listed = live_photodna.at(version)
    if not len(listed):
        return None
    return listed.search(question.photodna, settings.PHOTODNA_THRESHOLD)


def _near(alike: Mapping[int, int], by_key: Mapping[int, HashEntry]) -> Iterator[Finding]:
    for pk, distance in alike.items():
        if entry := by_key.get(pk):
            yield Finding(entry, MatchType.NEAR, distance)


def _shown(question: Question, version: ListsVersion) -> dict[int, LocalMatch]:
    """The entries that the question shows parts of, by key, in force or not."""
    if question.parts is None or SignalType.LOCAL in version.stopped:
        return {}
    matches = live_partial.at(version).search(question.parts)
    return {pk: matches[signature] for signature, pk in entries_shown(signatures=matches).items()}


def _judged(
    question: Question, met: Sequence[Finding], is_unlisted: bool, version: ListsVersion
) -> Judgement:
    """A match wins; otherwise whatever could not be trusted or looked up makes it `not_checked`.

    So `no_known_match` is only ever said of something that was looked at in full.
    """
    findings = _strongest(_answered(met))
    checked = question.stages(version.stopped)
    verdict, reason = Verdict.NOT_CHECKED, None
    if any(not finding.is_doubtful for finding in findings):
        verdict = Verdict.MATCH
    elif findings:
        reason = NotCheckedReason.NEEDS_REVIEW
    elif len(checked) < len(question.signals):
        reason = NotCheckedReason.SIGNAL_STOPPED
    elif is_unlisted:
        reason = NotCheckedReason.SIGNAL_NOT_LISTED
    elif question.untrusted:
        reason = NotCheckedReason.QUALITY_TOO_LOW
    else:
        verdict = Verdict.NO_KNOWN_MATCH
    shadow = _strongest(finding for finding in met if finding.is_shadow)
    return Judgement(verdict, findings, checked, reason, version, shadow)


def _answered(found: Sequence[Finding]) -> Iterator[Finding]:
    """What the lists in force say, less what the negative ones among them take back.

    The very file, or a picture at least as near to a harmless one as to the listed one, is no
    match. A harmless picture that is merely similar takes no exact match back.
    """
    in_force = [finding for finding in found if finding.entry.hash_list.answers]
    harmless = [finding for finding in in_force if finding.is_harmless]
    the_file = any(finding.match_type is MatchType.EXACT for finding in harmless)
    nearest = min((one.distance for one in harmless if one.distance is not None), default=None)
    for finding in in_force:
        is_exact = finding.match_type is MatchType.EXACT
        is_nearer = finding.distance is not None and finding.distance < (nearest or 0)
        stands = is_exact or nearest is None or is_nearer
        if stands and not the_file and not finding.is_harmless:
            yield finding


def _by_signal(entries: Iterable[HashEntry]) -> dict[bytes, list[HashEntry]]:
    """The entries by every value they can be found by; values of two types never coincide."""
    found: dict[bytes, list[HashEntry]] = {}
    for entry in entries:
        digests = (entry.sha256, entry.sha1, entry.md5)
        for value in {*(bytes(digest) for digest in digests if digest), *entry.searched_pdq}:
            found.setdefault(value, []).append(entry)
    return found


def _findings(
    question: Question,
    distances: Mapping[bytes, int],
    by_signal: Mapping[bytes, Sequence[HashEntry]],
    stopped: Collection[str],
) -> Iterator[Finding]:
    digests = [getattr(question.digests, name, b"") for name in DIGESTS if name not in stopped]
    for value in digests:
        for entry in by_signal.get(value, ()):
            yield Finding(entry, MatchType.EXACT)
    for value, distance in distances.items() if SignalType.PDQ not in stopped else ():
        for entry in by_signal.get(value, ()):
            if distance <= entry.hash_list.pdq_threshold:
                yield Finding(entry, MatchType.NEAR, distance)


def _partial(shown: Mapping[int, LocalMatch], by_key: Mapping[int, HashEntry]) -> Iterator[Finding]:
    for pk, match in shown.items():
        if entry := by_key.get(pk):
            yield Finding(
                entry,
                MatchType.PARTIAL,
                evidence=match.evidence,
                confidence=Confidence(match.band.value),
            )


def _strongest(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for each list and violation: the strongest of them."""
    best: dict[tuple[int, str], Finding] = {}
    for finding in findings:
        group = (finding.entry.hash_list_id, finding.entry.violation)
        if group not in best or finding.rank < best[group].rank:
            best[group] = finding
    return sorted(best.values(), key=lambda finding: finding.rank)
