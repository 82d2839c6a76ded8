"""Lists and their entries, submissions and their matches, and what the index was built from."""

from matching.models.batches import Batch, BatchLot
from matching.models.cybertips import CyberTip, TipState
from matching.models.decisions import EVERYTHING, Decided, Decision, DecisionState
from matching.models.entries import (
    TRUSTED_PDQ,
    EntryState,
    HashEntry,
    HashEntryQuerySet,
    searched_pdq,
)
from matching.models.exchanges import Exchange, ExchangeKind
from matching.models.guards import Canary, GuardCheck, ShadowMatch
from matching.models.imports import ImportRefusal, ImportRun
from matching.models.leased import Leased
from matching.models.lists import (
    HashList,
    ListEffect,
    ListKind,
    ListState,
    Violation,
    Visibility,
)
from matching.models.lookback import LookbackRun, RetainedHashes
from matching.models.reports import PeriodReport, ReportState
from matching.models.retention import Hold, RecordKind, RetentionPeriod
from matching.models.reviews import (
    Feedback,
    FeedbackVerdict,
    ReviewItem,
    ReviewKind,
    ReviewState,
)
from matching.models.sandbox import FixtureReaction, Reaction
from matching.models.signatures import LocalSegment, LocalSignature
from matching.models.submissions import Confidence, Match, MatchType, Submission, Verdict
from matching.models.versions import ListsVersion, Snapshot
from matching.models.waiting import WaitingImage

__all__ = [
    "EVERYTHING",
    "TRUSTED_PDQ",
    "Batch",
    "BatchLot",
    "Canary",
    "Confidence",
    "CyberTip",
    "Decided",
    "Decision",
    "DecisionState",
    "EntryState",
    "Exchange",
    "ExchangeKind",
    "Feedback",
    "FeedbackVerdict",
    "FixtureReaction",
    "GuardCheck",
    "HashEntry",
    "HashEntryQuerySet",
    "HashList",
    "Hold",
    "ImportRefusal",
    "ImportRun",
    "Leased",
    "ListEffect",
    "ListKind",
    "ListState",
    "ListsVersion",
    "LocalSegment",
    "LocalSignature",
    "LookbackRun",
    "Match",
    "MatchType",
    "PeriodReport",
    "Reaction",
    "RecordKind",
    "ReportState",
    "RetainedHashes",
    "RetentionPeriod",
    "ReviewItem",
    "ReviewKind",
    "ReviewState",
    "ShadowMatch",
    "Snapshot",
    "Submission",
    "TipState",
    "Verdict",
    "Violation",
    "Visibility",
    "WaitingImage",
    "searched_pdq",
]
