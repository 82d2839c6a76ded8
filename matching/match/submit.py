"""The verbs: hash, judge, and commit the verdict together with its audit row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from matching.decoding import decoders, partial_decoders
from matching.match.parts import partial_stage
from matching.match.price import units_of_image, units_of_items
from matching.match.retaining import retained
from matching.match.rows import Outcome, described, effects_of, outcome_of
from matching.match.verdict import (
    HashItem,
    judge,
    judge_all,
    question_of_image,
    question_of_item,
)
from matching.match.waiting import awaiting_parts
from matching.models import Verdict
from tenants.audit.content import content_reference
from tenants.audit.context import elapsed
from tenants.audit.record import Actor, record
from tenants.charges import charge
from tenants.models import ApiKey, Enhancement
from tenants.writes import insertions


class NotChecked(Exception):
    """The image or hash could not be judged, and the tenant's strict mode makes that an error."""


def match_image(
    *,
    key: ApiKey,
    data: bytes,
    content_id: str = "",
    enhance: Enhancement = Enhancement.OFF,
    actor: Actor | None = None,
) -> Outcome:
    """The recorded verdict on the image in `data`; `actor` is the key itself unless given.

    `enhance` says when parts of listed pictures are sought: if asynchronously, the verdict leaves
    that stage out, and the image waits encrypted until a worker gets to it. Raises ImageError for
    what can not be hashed, IndexUnavailable and PartialIndexUnavailable when nothing can be
    searched, PartialBusy.
    """
    inline = enhance is Enhancement.INLINE
    with partial_stage(wanted=inline):
        image = decoders().query(data)
        parts = partial_decoders().extract(data) if inline else None
        question = question_of_image(image, parts=parts)
        judgement = judge(question, key=key)
    units = units_of_image(image.pixels)
    charge(units)
    outcome = outcome_of(key, content_id, image.digests.sha256, judgement)
    with awaiting_parts(outcome.submission, data, wanted=enhance is Enhancement.ASYNC) as waiting:
        record(
            action="image.matched" if judgement.verdict is Verdict.MATCH else "image.checked",
            actor=actor or Actor.key(key),
            tenant=key.tenant,
            target=outcome.submission.public_id,
            status=422 if outcome.is_refused else 200,
            data={
                **described(judgement),
                **({"pending": outcome.submission.pending} if waiting else {}),
                "content": content_reference(key.tenant, image.digests.sha256),
                **elapsed(),
            },
            effects=[
                *effects_of(key, [outcome], units, bytes=len(data)),
                *insertions(waiting),
                *retained(key, [outcome.submission], [question]),
            ],
        )
    return outcome


def match_hashes(
    *, key: ApiKey, items: Sequence[HashItem], units: int | None = None
) -> list[Outcome]:
    """The recorded verdicts on `items`, in their order; one audit row for all of them.

    The look-up costs `units`; as many as the items do unless given.
    """
    units = units_of_items(len(items)) if units is None else units
    charge(units)
    questions = [question_of_item(item) for item in items]
    judgements = judge_all(questions, key=key)
    outcomes = [
        outcome_of(key, item.content_id, _sha256(item), judgement)
        for item, judgement in zip(items, judgements, strict=True)
    ]
    verdicts = Counter(outcome.submission.verdict for outcome in outcomes)
    record(
        action="hash.matched" if verdicts[Verdict.MATCH] else "hash.checked",
        actor=Actor.key(key),
        tenant=key.tenant,
        status=200,
        data={
            "submissions": [outcome.submission.public_id for outcome in outcomes],
            "verdicts": verdicts,
            **elapsed(),
        },
        effects=[
            *effects_of(key, outcomes, units),
            *retained(key, [outcome.submission for outcome in outcomes], questions),
        ],
    )
    return outcomes


def _sha256(item: HashItem) -> bytes | None:
    return item.digests.sha256 if item.digests and item.digests.sha256 else None
