"""Benign pictures that provoke every answer there is, for those who build a client.

They lie on a list of kind `test`: only test keys meet them, and no live figure counts them.
"""

from matching.sandbox.fixtures import FIXTURES, Expected, Fixture, fixture_of
from matching.sandbox.reactions import Checked, Judgement, checklist, judged, note_reaction
from matching.sandbox.registration import LIST, set_up

__all__ = [
    "FIXTURES",
    "LIST",
    "Checked",
    "Expected",
    "Fixture",
    "Judgement",
    "checklist",
    "fixture_of",
    "judged",
    "note_reaction",
    "set_up",
]
