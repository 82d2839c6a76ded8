"""What curators do to lists and entries: each act audited, each write by two people."""

from matching.curation.canaries import add_canary, check_canaries, quarantine_hits
from matching.curation.decisions import (
    NEXT_STATES,
    approve_decision,
    propose_list_state,
    propose_resuming,
    propose_start,
    propose_threshold,
    publish_list,
    refuse_decision,
)
from matching.curation.drafts import EntryDraft, add_entries, add_entry, draft_of_image, identity_of
from matching.curation.errors import (
    AlreadyRetired,
    Conflict,
    EntryExists,
    FourEyesRequired,
    SeniorRequired,
)
from matching.curation.fates import Fate, Merged, Outlook, Room
from matching.curation.floods import suspend_floods
from matching.curation.lifecycle import (
    approve_entries,
    approve_entry,
    retire_entries,
    retire_entry,
    suspend_entry,
)
from matching.curation.lists import (
    change_list,
    create_list,
    quarantine_list,
    retire_list,
    suspend_list,
)
from matching.curation.merging import compare_stage, merge_entries, retire_withdrawn
from matching.curation.reviews import decide_review
from matching.curation.screening import is_flat
from matching.curation.staging import (
    Stage,
    StagedRow,
    row_of_draft,
    row_of_withdrawal,
    staging,
)
from matching.curation.stops import CAN_BE_STOPPED, stop_signal
from matching.curation.watching import alarms

__all__ = [
    "CAN_BE_STOPPED",
    "NEXT_STATES",
    "AlreadyRetired",
    "Conflict",
    "EntryDraft",
    "EntryExists",
    "Fate",
    "FourEyesRequired",
    "Merged",
    "Outlook",
    "Room",
    "SeniorRequired",
    "Stage",
    "StagedRow",
    "add_canary",
    "add_entries",
    "add_entry",
    "alarms",
    "approve_decision",
    "approve_entries",
    "approve_entry",
    "change_list",
    "check_canaries",
    "compare_stage",
    "create_list",
    "decide_review",
    "draft_of_image",
    "identity_of",
    "is_flat",
    "merge_entries",
    "propose_list_state",
    "propose_resuming",
    "propose_start",
    "propose_threshold",
    "publish_list",
    "quarantine_hits",
    "quarantine_list",
    "refuse_decision",
    "retire_entries",
    "retire_entry",
    "retire_list",
    "retire_withdrawn",
    "row_of_draft",
    "row_of_withdrawal",
    "staging",
    "stop_signal",
    "suspend_entry",
    "suspend_floods",
    "suspend_list",
]
