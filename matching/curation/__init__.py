"""What curators do to lists and entries: each act audited, each write by two people."""

from matching.curation.drafts import EntryDraft, add_entries, add_entry, draft_of_image
from matching.curation.errors import AlreadyRetired, Conflict, EntryExists, FourEyesRequired
from matching.curation.lifecycle import (
    approve_entries,
    approve_entry,
    resume_entry,
    retire_entries,
    retire_entry,
    suspend_entry,
)
from matching.curation.lists import change_list, create_list, resume_list, suspend_list
from matching.curation.merging import (
    Fate,
    Merged,
    Outlook,
    compare_stage,
    merge_entries,
    retire_withdrawn,
)
from matching.curation.reviews import decide_review
from matching.curation.screening import is_flat
from matching.curation.staging import (
    Stage,
    StagedRow,
    row_of_draft,
    row_of_withdrawal,
    staging,
)

__all__ = [
    "AlreadyRetired",
    "Conflict",
    "EntryDraft",
    "EntryExists",
    "Fate",
    "FourEyesRequired",
    "Merged",
    "Outlook",
    "Stage",
    "StagedRow",
    "add_entries",
    "add_entry",
    "approve_entries",
    "approve_entry",
    "change_list",
    "compare_stage",
    "create_list",
    "decide_review",
    "draft_of_image",
    "is_flat",
    "merge_entries",
    "resume_entry",
    "resume_list",
    "retire_entries",
    "retire_entry",
    "retire_withdrawn",
    "row_of_draft",
    "row_of_withdrawal",
    "staging",
    "suspend_entry",
    "suspend_list",
]
