"""Lists and their entries, submissions and their matches, and what the index was built from."""

from matching.models.cybertips import CyberTip, TipState
from matching.models.entries import EntryState, HashEntry, HashEntryQuerySet, searched_pdq
from matching.models.imports import ImportRefusal, ImportRun
from matching.models.lists import HashList, ListKind, ListState, Violation
from matching.models.reports import PeriodReport, ReportState
from matching.models.retention import Hold, RecordKind, RetentionPeriod
from matching.models.reviews import (
    Feedback,
    FeedbackVerdict,
    ReviewItem,
    ReviewKind,
    ReviewState,
)
from matching.models.signatures import LocalSegment, LocalSignature
from matching.models.submissions import Confidence, Match, MatchType, Submission, Verdict
from matching.models.versions import ListsVersion, Snapshot

__all__ = [
    "Confidence",
    "CyberTip",
    "EntryState",
    "Feedback",
    "FeedbackVerdict",
    "HashEntry",
    "HashEntryQuerySet",
    "HashList",
    "Hold",
    "ImportRefusal",
    "ImportRun",
    "ListKind",
    "ListState",
    "ListsVersion",
    "LocalSegment",
    "LocalSignature",
    "Match",
    "MatchType",
    "PeriodReport",
    "RecordKind",
    "ReportState",
    "RetentionPeriod",
    "ReviewItem",
    "ReviewKind",
    "ReviewState",
    "Snapshot",
    "Submission",
    "TipState",
    "Verdict",
    "Violation",
    "searched_pdq",
]
