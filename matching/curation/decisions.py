"""What starts something takes two: one curator proposes, another approves, and it happens."""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from matching.curation.canaries import MET_CANARY, quarantine_hits
from matching.curation.errors import Conflict, FourEyesRequired, SeniorRequired
from matching.curation.lists import move_list, quarantine_list
from matching.curation.people import needed
from matching.models import (
    Decided,
    Decision,
    DecisionState,
    EntryState,
    HashEntry,
    HashList,
    ListKind,
    ListState,
    ListsVersion,
)
from tenants.audit.record import Actor, record
from tenants.memberships import has_seniors, is_senior

NEXT_STATES: Final[dict[str, tuple[ListState, ...]]] = {
    ListState.DRAFT: (ListState.ACTIVE,),
    ListState.QUARANTINE: (ListState.SHADOW, ListState.ACTIVE),
    ListState.SHADOW: (ListState.ACTIVE,),
    ListState.SUSPENDED: (ListState.SHADOW, ListState.ACTIVE),
}
"""What a list may become, each by two people. From draft to active at once goes only what two
people bring along together: see `publish_list`."""


def propose_list_state(
    *, hash_list: HashList, state: ListState, actor: User, reason: str
) -> Decision:
    """Propose that a list becomes shadow or active. Raises Conflict, ValueError."""
    hash_list.refresh_from_db()
    if state not in NEXT_STATES.get(hash_list.state, ()):
        raise Conflict(f"{hash_list} is {hash_list.state}: it can not become {state}")
    return _propose(actor, reason, Decided.STATE, hash_list.state, state.value, hash_list=hash_list)


def propose_threshold(
    *, hash_list: HashList, pdq_threshold: int, actor: User, reason: str
) -> Decision:
    """Propose another PDQ threshold (bits). Raises Conflict, ValueError, ValidationError."""
    hash_list.refresh_from_db()
    HashList._meta.get_field("pdq_threshold").clean(pdq_threshold, hash_list)
    before = str(hash_list.pdq_threshold)
    return _propose(
        actor, reason, Decided.PDQ_THRESHOLD, before, str(pdq_threshold), hash_list=hash_list
    )


def propose_resuming(*, entry: HashEntry, actor: User, reason: str) -> Decision:
    """Propose that a suspended entry matches again. Raises Conflict, ValueError."""
    entry.refresh_from_db()
    if entry.state != EntryState.SUSPENDED:
        raise Conflict(f"{entry} is {entry.state}")
    states = (EntryState.SUSPENDED.value, EntryState.ACTIVE.value)
    return _propose(actor, reason, Decided.STATE, *states, entry=entry)


def propose_start(*, signal: str, actor: User, reason: str) -> Decision:
    """Propose that a stopped signal type, or `all`, is matched by again. Raises Conflict."""
    if signal not in ListsVersion.objects.get().stopped:
        raise Conflict(f"{signal} is not stopped")
    return _propose(actor, reason, Decided.STOPPED, "yes", "no", signal=signal)


def approve_decision(*, decision: Decision, actor: User, remark: str = "") -> None:
    """Approve what somebody else proposed; it takes effect in the same transaction.

    Raises FourEyesRequired for the proposer; SeniorRequired when neither is a senior curator and
    one of them has to be; Conflict when it is decided already, when what it is about has changed
    since, or when a canary was met on the list that was to be published.
    """
    if decision.proposed_by_id == actor.pk:
        raise FourEyesRequired("a proposal is approved by somebody who did not make it")
    _check_senior(decision, actor)
    _guard(decision)
    with transaction.atomic():
        _decide(decision, DecisionState.APPROVED, actor, remark)
        _carry_out(decision, actor)
    decision.refresh_from_db()


def refuse_decision(*, decision: Decision, actor: User, remark: str) -> None:
    """Refuse a proposal, or take one's own back. Raises Conflict, ValueError without a remark."""
    with transaction.atomic():
        _decide(decision, DecisionState.REFUSED, actor, needed(remark))
    decision.refresh_from_db()


def publish_list(*, hash_list: HashList, proposed_by: User, approved_by: User, reason: str) -> bool:
    """Make a draft active by the word of two people at once, as operators' commands do.

    Where it meets a canary it goes into quarantine instead, and False is returned.
    Raises FourEyesRequired, SeniorRequired, Conflict.
    """
    if proposed_by == approved_by:
        raise FourEyesRequired("a list is published by two people")
    with transaction.atomic():
        if quarantine_hits(hash_list=hash_list):
            quarantine_list(hash_list=hash_list, actor=proposed_by, reason=MET_CANARY)
            return False
        decision = propose_list_state(
            hash_list=hash_list, state=ListState.ACTIVE, actor=proposed_by, reason=reason
        )
        _check_senior(decision, approved_by)
        _decide(decision, DecisionState.APPROVED, approved_by, reason)
        _carry_out(decision, approved_by)
    hash_list.refresh_from_db()
    return True


def _propose(
    actor: User, reason: str, field: Decided, before: str, after: str, **subject: Any
) -> Decision:
    if before == after:
        raise Conflict(f"it is {after} already")
    with transaction.atomic():
        waiting = Decision.objects.filter(field=field, state=DecisionState.OPEN, **subject)
        if waiting.exists():
            raise Conflict("a proposal waits for its second person already")
        decision = Decision.objects.create(
            field=field,
            before=before,
            after=after,
            proposed_by=actor,
            reason=needed(reason),
            **subject,
        )
        _record("decision.proposed", decision, actor, reason)
    return decision


def _check_senior(decision: Decision, actor: User) -> None:
    """PostgreSQL holds the same rule. Test lists are anybody's."""
    hash_list = decision.entry.hash_list if decision.entry else decision.hash_list
    if hash_list is not None and hash_list.kind == ListKind.TEST:
        return
    if not has_seniors() or is_senior(actor) or is_senior(decision.proposed_by):
        return
    raise SeniorRequired("one of the two people has to be a senior curator")


def _decide(decision: Decision, state: DecisionState, actor: User, remark: str) -> None:
    changed = Decision.objects.filter(pk=decision.pk, state=DecisionState.OPEN).update(
        state=state, decided_by=actor, decided_at=timezone.now(), remark=remark.strip()
    )
    if not changed:
        raise Conflict("it was decided already")
    _record(f"decision.{state.value}", decision, actor, remark)


def _record(action: str, decision: Decision, actor: User, reason: str) -> None:
    record(
        action=action,
        actor=Actor.user(actor),
        target=decision.subject,
        data={
            "decision": decision.pk,
            "field": decision.field,
            "before": decision.before,
            "after": decision.after,
            "proposed_by": decision.proposed_by.get_username(),
            "reason": reason.strip(),
        },
    )


def _guard(decision: Decision) -> None:
    """What is about to be published meets the canaries first. Raises Conflict."""
    starts = decision.field == Decided.STATE and decision.hash_list is not None
    if starts and (hits := quarantine_hits(hash_list=decision.hash_list)):
        raise Conflict(f"{len(hits)} entries match pictures known to be ordinary; see the reviews")


def _carry_out(decision: Decision, actor: User) -> None:
    if decision.field == Decided.STOPPED:
        _start_signal(decision, actor)
    elif decision.entry is not None:
        _resume_entry(decision.entry, decision)
    elif decision.field == Decided.STATE and decision.hash_list is not None:
        before, after = ListState(decision.before), ListState(decision.after)
        move_list(decision.hash_list, (before,), after, actor=actor, reason=decision.reason)
    elif decision.hash_list is not None:
        _change_threshold(decision.hash_list, decision, actor)


def _start_signal(decision: Decision, actor: User) -> None:
    ListsVersion.objects.advance()
    left = [name for name in ListsVersion.objects.get().stopped if name != decision.signal]
    ListsVersion.objects.update(stopped=left)
    record(
        action="signal.started",
        actor=Actor.user(actor),
        target=f"signal:{decision.signal}",
        data={"reason": decision.reason},
    )


def _resume_entry(entry: HashEntry, decision: Decision) -> None:
    """One who waited when it was suspended is approved by this; that takes who did not add it."""
    people = (decision.decided_by_id, decision.proposed_by_id)
    approver = entry.approved_by_id or next(pk for pk in people if pk != entry.created_by_id)
    resumed = HashEntry.objects.filter(pk=entry.pk, state=EntryState.SUSPENDED).update(
        state=EntryState.ACTIVE,
        approved_by=approver,
        reason=decision.reason,
        changed_version=ListsVersion.objects.advance(),
    )
    if not resumed:
        raise Conflict(f"{entry} is not suspended any more")
    record(
        action="entry.resumed",
        actor=Actor.user(decision.proposed_by),
        target=f"entry:{entry.pk}",
        data={"list": entry.hash_list.slug, "reason": decision.reason},
    )


def _change_threshold(hash_list: HashList, decision: Decision, actor: User) -> None:
    before, after = int(decision.before), int(decision.after)
    changed = HashList.objects.filter(pk=hash_list.pk, pdq_threshold=before).update(
        pdq_threshold=after, changed_version=ListsVersion.objects.advance()
    )
    if not changed:
        raise Conflict(f"the threshold of {hash_list} has changed since")
    record(
        action="list.changed",
        actor=Actor.user(actor),
        target=f"list:{hash_list.slug}",
        data={"before": {"pdq_threshold": before}, "after": {"pdq_threshold": after}},
    )
