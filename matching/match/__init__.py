"""The use case: bytes or signals in, a recorded verdict out."""

from matching.match.parts import PartialBusy
from matching.match.price import PRICE_OF_ADMISSION, units_of_items
from matching.match.rows import Outcome
from matching.match.several import AskedImage, match_several
from matching.match.submit import NotChecked, match_hashes, match_image
from matching.match.verdict import (
    Finding,
    HashItem,
    Judgement,
    MatchingStopped,
    NotCheckedReason,
    Stage,
)

__all__ = [
    "PRICE_OF_ADMISSION",
    "AskedImage",
    "Finding",
    "HashItem",
    "Judgement",
    "MatchingStopped",
    "NotChecked",
    "NotCheckedReason",
    "Outcome",
    "PartialBusy",
    "Stage",
    "match_hashes",
    "match_image",
    "match_several",
    "units_of_items",
]
