"""Which audit events make the history of a row, also where one event tells of many rows.

Acts on many entries, and imports, have an event each and not one for every row. These are found by
person and time, in the order of the index that holds what belongs to no tenant.
"""

from __future__ import annotations

import datetime
from typing import Final

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from matching.models import Exchange, HashEntry, ImportRun
from tenants.models import AuditEvent

MANY: Final = "entries"  # the target of an act on more than one of them
MARGIN: Final = datetime.timedelta(minutes=10)  # a large approval takes a while to be recorded
MOST: Final = 20


def terms_of_entry(entry: HashEntry) -> list[str]:
    """The entry itself, the import that brought it, and the acts that took it with others."""
    run = entry.import_run
    acts = [
        _act_on_many("entry.approved", entry.approved_by, entry.approved_at),
        _act_on_many("entry.retired", entry.retired_by, entry.retired_at),
    ]
    return [
        f"entry:{entry.pk}",
        *(_named(_events_of_run(run)) if run else []),
        *(term for act in acts for term in _named(act)),
    ]


def terms_of_run(run: ImportRun) -> list[str]:
    """The run itself, and what the list's log tells of it."""
    return [f"importrun:{run.pk}", *_named(_events_of_run(run))]


def terms_of_exchange(exchange: Exchange) -> list[str]:
    """The exchange itself, and the changes of it, which are the list's."""
    changes = AuditEvent.objects.filter(
        action="exchange.changed", target=f"list:{exchange.hash_list.slug}"
    )
    return [f"exchange:{exchange.pk}", *_named(_since(changes, exchange.created_at))]


def _events_of_run(run: ImportRun) -> QuerySet[AuditEvent]:
    of_list = AuditEvent.objects.filter(
        action="list.imported", target=f"list:{run.hash_list.slug}", data__run=run.pk
    )
    approval = AuditEvent.objects.filter(action="import.approved", target=f"importrun:{run.pk}")
    ended_at = run.approved_at or run.finished_at or timezone.now()
    return _since(of_list | approval, run.created_at).filter(at__lte=ended_at + MARGIN)


def _act_on_many(
    action: str, person: User | None, at: datetime.datetime | None
) -> QuerySet[AuditEvent]:
    """The act of `person` that was recorded next: such acts wait for each other."""
    if person is None or at is None:
        return AuditEvent.objects.none()
    acts = AuditEvent.objects.filter(
        tenant=None, action=action, target=MANY, actor_id=person.get_username()
    )
    return acts.filter(at__gte=at, at__lte=at + MARGIN).order_by("pk")[:1]


def _since(events: QuerySet[AuditEvent], at: datetime.datetime) -> QuerySet[AuditEvent]:
    return events.filter(tenant=None, at__gte=at - MARGIN)


def _named(events: QuerySet[AuditEvent]) -> list[str]:
    """As the search of audit events understands it."""
    return [f"event:{pk}" for pk in events.values_list("pk", flat=True)[:MOST]]
