"""Webhooks: tenants are told of events, signed, at least once, in no promised order.

To tell of something, enqueue it in the transaction of its effect:

    enqueue(tenant=…, environment="live", event="batch.finished", data={"batch_id": …}) -> Write

It writes nothing by itself: hand the `Write` to `record(effects=[…, enqueue(…)])`, or to
`tenants.writes.write_together([enqueue(…)])`. It makes one delivery for every endpoint of the
tenant and environment that is enabled and asked for the event; none at all costs one look-up.
`data` is JSON of ids and dates, never hashes, distances or images. Raises `UnknownEvent` and
`EventTooLarge`. Events are those in `EVENTS`.
"""

from tenants.webhooks.events import EVENTS, EventTooLarge, UnknownEvent
from tenants.webhooks.outbox import enqueue

__all__ = ["EVENTS", "EventTooLarge", "UnknownEvent", "enqueue"]
