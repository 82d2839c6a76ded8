"""The shapes of the native API: what comes in, and the one form of a verdict that goes out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from matching.match import Stage
from matching.models import Confidence, Match, MatchType, Submission, Verdict, Violation
from matching.receipts import receipt_for
from tenants.api.bodies import StrictSerializer, Text
from tenants.models import Enhancement

MOST_HASH_ITEMS = 1_000
LONGEST_CONTENT_ID = 256


class MatchSerializer(serializers.Serializer[Match]):
    match_id = serializers.CharField(source="public_id")
    list = serializers.CharField(source="list_slug")
    source = serializers.CharField()  # type: ignore[assignment]  # the contract's name
    violation = serializers.ChoiceField(choices=Violation.choices)
    match_type = serializers.ChoiceField(choices=MatchType.choices)
    confidence = serializers.ChoiceField(
        choices=Confidence.choices,
        required=False,
        help_text="Of partial matches alone: whether to act, or to have a person look first.",
    )


class VerdictSerializer(serializers.Serializer[Any]):
    """The answer about one image or hash item."""

    submission_id = serializers.CharField()
    content_id = serializers.CharField(allow_null=True)
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    matches = MatchSerializer(many=True)
    checked = serializers.ListField(child=serializers.ChoiceField(choices=[s.value for s in Stage]))
    pending = serializers.ListField(
        child=serializers.ChoiceField(choices=[s.value for s in Stage]),
        help_text="Stages that have yet to run: the verdict says nothing about them so far. "
        "Read the submission again, or wait for the webhook `enhance.finished`.",
    )
    not_checked_reason = serializers.CharField(allow_null=True)
    sha256 = serializers.CharField(allow_null=True)
    lists_version = serializers.CharField()
    receipt = serializers.CharField()


class SubmissionSerializer(VerdictSerializer):
    """A verdict as it was given, and what the lists say differently since."""

    retroactive_matches = MatchSerializer(many=True, help_text="With entries that came later.")
    withdrawn_matches = serializers.ListField(
        child=serializers.CharField(), help_text="Ids of matches whose entries were retired."
    )


class ContentId(Text):
    """The caller's own name for an image or a hash."""

    def __init__(self, **options: Any) -> None:
        usual = {"max_length": LONGEST_CONTENT_ID, "allow_blank": True, "trim_whitespace": False}
        super().__init__(**{**usual, "required": False, **options})


@extend_schema_field(
    {
        "oneOf": [
            {"type": "boolean"},
            {"type": "string", "enum": ["true", "1", "false", "0", "True", "False", "async"]},
        ]
    }
)
class EnhanceField(serializers.ChoiceField):
    """When parts are sought: `true` before the answer, `async` after it, `false` not at all."""

    WORDS: Final = {
        "true": Enhancement.INLINE,
        "1": Enhancement.INLINE,
        "false": Enhancement.OFF,
        "0": Enhancement.OFF,
        "True": Enhancement.INLINE,  # as Python writes it
        "False": Enhancement.OFF,
        "async": Enhancement.ASYNC,
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=list(self.WORDS), **options)

    def to_internal_value(self, data: Any) -> Enhancement:
        if not isinstance(data, (bool, str)):
            self.fail("invalid_choice", input=data)
        return self.WORDS[super().to_internal_value(str(data))]


class ImageJsonSerializer(StrictSerializer):
    """The JSON form of an image: exactly one of `image` (base64) and `url`."""

    needs_one_field = True
    image = serializers.CharField(required=False, trim_whitespace=False)
    url = serializers.CharField(required=False, max_length=2_048)
    content_id = ContentId()
    enhance = EnhanceField(required=False)


class HashItemSerializer(serializers.Serializer[Any]):
    """One hash item: at least one signal, all in hexadecimal."""

    content_id = ContentId(default="")
    sha256 = serializers.RegexField(r"^[0-9A-Fa-f]{64}$", required=False)
    sha1 = serializers.RegexField(r"^[0-9A-Fa-f]{40}$", required=False)
    md5 = serializers.RegexField(r"^[0-9A-Fa-f]{32}$", required=False)
    pdq = serializers.RegexField(r"^[0-9A-Fa-f]{64}$", required=False)
    pdq_quality = serializers.IntegerField(required=False, min_value=0, max_value=100)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.keys() & {"sha256", "sha1", "md5", "pdq"}:
            raise serializers.ValidationError("one of sha256, sha1, md5, pdq is needed")
        return attrs


class HashItemsSerializer(serializers.Serializer[Any]):
    items = serializers.ListField(
        child=HashItemSerializer(), min_length=1, max_length=MOST_HASH_ITEMS
    )


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457 problem details."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    request_id = serializers.CharField()


class HashResultSerializer(VerdictSerializer):
    """A verdict, or for a bad item `content_id` and `error`."""

    error = ProblemSerializer(required=False)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for name in fields.keys() - {"content_id"}:
            fields[name].required = False
        return fields


class HashResultsSerializer(serializers.Serializer[Any]):
    results = HashResultSerializer(many=True)


class ReceiptKeySerializer(serializers.Serializer[Any]):
    kty = serializers.CharField()
    crv = serializers.CharField()
    kid = serializers.CharField()
    x = serializers.CharField()
    use = serializers.CharField()


class ReceiptKeysSerializer(serializers.Serializer[Any]):
    keys = ReceiptKeySerializer(many=True)


def answer(submission: Submission, matches: Iterable[Match]) -> dict[str, Any]:
    """The one form of a verdict: nothing in it tells how near a match was."""
    return {
        "submission_id": submission.public_id,
        "content_id": submission.content_id or None,
        "verdict": submission.verdict,
        "matches": [_named(match) for match in matches],
        "checked": submission.checked,
        "pending": submission.pending,
        "not_checked_reason": submission.not_checked_reason or None,
        "sha256": bytes(submission.sha256).hex() if submission.sha256 else None,
        "lists_version": submission.lists_version_label,
        "receipt": receipt_for(submission),
    }


def answer_since(submission: Submission, matches: Iterable[Match]) -> dict[str, Any]:
    """The verdict as it was given, and beside it what lookback found since."""
    known = list(matches)
    later = [match for match in known if match.is_retroactive]
    return {
        **answer(submission, [match for match in known if not match.is_retroactive]),
        "retroactive_matches": [_named(match) for match in later],
        "withdrawn_matches": [match.public_id for match in known if match.withdrawn_at],
    }


def _named(match: Match) -> dict[str, str]:
    """What `MatchSerializer` describes; it is asked for too often to go through its fields."""
    return {
        "match_id": match.public_id,
        "list": match.list_slug,
        "source": match.source,
        "violation": str(match.violation),
        "match_type": str(match.match_type),
        **({"confidence": str(match.confidence)} if match.confidence else {}),
    }
