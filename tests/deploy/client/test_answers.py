"""An answer has three values, and forgetting the third is loud."""

from __future__ import annotations

from types import ModuleType

import pytest

KNOWN = {"match_id": "mat_1", "list": "l", "source": "S", "violation": "A1", "match_type": "near"}


def test_a_verdict_is_no_truth_value(hashservice_client: ModuleType) -> None:
    with pytest.raises(TypeError, match="three values"):
        bool(hashservice_client.Verdict.NO_KNOWN_MATCH)


def test_an_answer_is_no_truth_value(hashservice_client: ModuleType) -> None:
    answer = hashservice_client.Answer.read({"verdict": "match"})
    with pytest.raises(TypeError, match="three values"):
        bool(answer)


def test_asking_whether_an_unchecked_image_matches_raises(hashservice_client: ModuleType) -> None:
    answer = hashservice_client.Answer.read(
        {"verdict": "not_checked", "not_checked_reason": "quality_too_low"}
    )
    with pytest.raises(hashservice_client.NotChecked, match="quality_too_low"):
        answer.is_match  # noqa: B018 reading it is the point


@pytest.mark.parametrize(("verdict", "expected"), [("match", True), ("no_known_match", False)])
def test_a_checked_image_matches_or_not(
    hashservice_client: ModuleType, verdict: str, expected: bool
) -> None:
    assert hashservice_client.Answer.read({"verdict": verdict}).is_match is expected


def test_an_unknown_verdict_of_a_later_service_is_an_error(hashservice_client: ModuleType) -> None:
    with pytest.raises(ValueError, match="perhaps"):
        hashservice_client.Answer.read({"verdict": "perhaps"})


def test_a_refused_item_was_not_checked(hashservice_client: ModuleType) -> None:
    answer = hashservice_client.Answer.read(
        {"content_id": "a", "error": {"code": "signal_invalid"}}
    )
    assert answer.verdict is hashservice_client.Verdict.NOT_CHECKED
    assert answer.not_checked_reason == "signal_invalid"


def test_fields_of_a_later_service_do_no_harm(hashservice_client: ModuleType) -> None:
    answer = hashservice_client.Answer.read(
        {"verdict": "match", "matches": [{**KNOWN, "later": 1}], "later": 2}
    )
    assert answer.matches[0].violation == "A1"
