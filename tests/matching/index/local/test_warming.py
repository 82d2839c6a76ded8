"""A warm process compiles nothing when the first query comes."""

from __future__ import annotations

from pathlib import Path

from matching.index.local import LocalIndex, warm_up
from matching.index.local.align_kernel import align_all
from matching.index.local.search_kernel import near_codes
from matching.index.local.vote_kernel import count_votes
from tests.matching.index.local.made import showing, signature


def test_search_of_a_snapshot_compiles_nothing_more(tmp_path: Path) -> None:
    LocalIndex.build([(1, signature(1))], tmp_path / "snapshot")
    warm_up()
    kernels = (align_all, count_votes, near_codes)
    before = [len(kernel.signatures) for kernel in kernels]
    LocalIndex.open(tmp_path / "snapshot").search(showing(signature(1)))
    assert [len(kernel.signatures) for kernel in kernels] == before
