"""What the worker does for matching. Losing a message loses nothing: the schedule asks again."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from matching import cybertips, enhancing, lookback, reports
from matching.batches import WORKERS_A_BATCH, sweep, work_on
from matching.curation import check_canaries, suspend_floods
from matching.importers import exchanges, queue
from matching.models import Batch
from matching.partial import build_segments
from matching.snapshot import build_and_publish, is_rebuild_due
from tenants.audit.record import Actor

TURN_SECONDS = 5.0
RING_EXPIRES_SECONDS = 10

logger = logging.getLogger(__name__)


@shared_task(name="matching.build_segments")  # type: ignore[untyped-decorator]
def build_local_segments() -> str:
    """Bring local signatures that are in no segment into one, if they are many."""
    built = build_segments(actor=Actor.system("matching.build_segments"))
    return ", ".join(map(str, built)) or "not due"


@shared_task(name="matching.build_snapshot")  # type: ignore[untyped-decorator]
def build_snapshot() -> str:
    """Fold the entries that changed since the last snapshot into a new one, if they are many."""
    if not is_rebuild_due():
        return "not due"
    return str(build_and_publish(actor=Actor.system("matching.build_snapshot")))


@shared_task(name="matching.carry_out_imports")  # type: ignore[untyped-decorator]
def carry_out_imports() -> int:
    """Carry out the imports that wait, one after the other; returns how many."""
    done = 0
    while (run := queue.claim()) is not None:
        queue.carry_out(run)
        done += 1
    return done


@shared_task(name="matching.poll_exchanges")  # type: ignore[untyped-decorator]
def poll_exchanges() -> int:
    """Poll the exchanges that are due, one after the other; returns how many."""
    done = 0
    while (exchange := exchanges.claim_due()) is not None:
        exchanges.poll(exchange)
        done += 1
    return done


@shared_task(name="matching.sweep_imports")  # type: ignore[untyped-decorator]
def sweep_imports() -> None:
    """End imports that nobody came back to, and delete files that nothing needs any more."""
    queue.sweep()


@shared_task(name="matching.send_cybertips")  # type: ignore[untyped-decorator]
def send_cybertips() -> int:
    """Send the reports that are due."""
    return cybertips.send_due()


@shared_task(name="matching.monthly_reports")  # type: ignore[untyped-decorator]
def monthly_reports() -> int:
    """Put up last month's reports, and count and send what is due."""
    reports.schedule_month(now=timezone.now())
    return reports.work_off()


@shared_task(name="matching.check_canaries")  # type: ignore[untyped-decorator]
def look_for_canaries() -> int:
    """Stop what matches ordinary pictures, if the lists changed or an hour went by; how many."""
    return len(check_canaries())


@shared_task(name="matching.suspend_floods")  # type: ignore[untyped-decorator]
def break_floods() -> int:
    """Stop entries that suddenly match everything, or that tenants call wrong; how many."""
    return len(suspend_floods())


@shared_task(name="matching.work_on_batch")  # type: ignore[untyped-decorator]
def work_on_batch(batch_id: str) -> None:
    """Work on a batch for a turn; a long one then lets others have theirs."""
    batch = Batch.objects.select_related("tenant").filter(public_id=batch_id).first()
    if batch is not None and work_on(batch=batch, seconds=TURN_SECONDS):
        work_on_batch.delay(batch_id)


@shared_task(name="matching.sweep_batches")  # type: ignore[untyped-decorator]
def sweep_batches() -> None:
    """Wake workers for whatever lies about."""
    for batch_id in sweep():
        ring_for_batch(batch_id)


def ring_for_batch(batch_id: str) -> None:
    """Wake as many workers as may be at one batch."""
    for _ in range(WORKERS_A_BATCH):
        work_on_batch.delay(batch_id)


@shared_task(name="matching.enhance_waiting_images")  # type: ignore[untyped-decorator]
def enhance_waiting_images() -> None:
    """Look for parts of images that were answered without, for a turn."""
    if enhancing.work_off(seconds=TURN_SECONDS):
        ring_for_waiting_images()


@shared_task(name="matching.sweep_waiting_images")  # type: ignore[untyped-decorator]
def sweep_waiting_images() -> None:
    """Wake workers for whatever lies about."""
    if enhancing.sweep():
        ring_for_waiting_images()


def ring_for_waiting_images() -> None:
    """Wake a worker; if nobody hears it, the schedule asks again."""
    try:
        enhance_waiting_images.apply_async(expires=RING_EXPIRES_SECONDS, retry=False)
    except OperationalError:
        logger.warning("no broker to tell of an image that waits")


@shared_task(name="matching.look_back")  # type: ignore[untyped-decorator]
def look_back() -> str:
    """Hold what changed in the lists against retained hashes and earlier matches."""
    return str(lookback.look_back() or "not due")


@shared_task(name="matching.purge_retained")  # type: ignore[untyped-decorator]
def purge_retained() -> int:
    """Delete the retained hashes whose time is over."""
    return lookback.purge_retained(now=timezone.now())
