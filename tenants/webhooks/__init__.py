"""Webhooks: tenants are told of events, signed, at least once, in no promised order.

To tell of something, enqueue it in the transaction of its effect:

    enqueue(tenant=…, environment="live", event="batch.finished", data={"batch_id": …}) -> Write

It writes nothing by itself: hand the `Write` to `record(effects=[…, enqueue(…)])`, or to
`tenants.writes.write_together([enqueue(…)])`. It makes one delivery for every endpoint of the
tenant and environment that is enabled and asked for the event; none at all costs one look-up.
`enqueue_all` does so for many `data` at once. With `once="some name"` an event is not put up twice.
`data` is JSON of ids and dates, never hashes, distances or images. Raises `UnknownEvent` and
`EventTooLarge`. Events are those in `EVENTS`.
"""

from tenants.webhooks.courier import deliver_due
from tenants.webhooks.endpoints import (
    MAX_OVERLAP_SECONDS,
    MOST_ENDPOINTS,
    USUAL_OVERLAP_SECONDS,
    EndpointDisabled,
    EndpointNotFound,
    OverlapInvalid,
    Registered,
    TooManyEndpoints,
    change,
    endpoints_of,
    find,
    register,
    remove,
    rotate,
    send_test,
)
from tenants.webhooks.events import EVENTS, EventTooLarge, UnknownEvent
from tenants.webhooks.log import (
    DeliveryNotFound,
    deliveries_of,
    find_delivery,
    forget_old,
    redeliver,
)
from tenants.webhooks.outbox import enqueue, enqueue_all
from tenants.webhooks.secrets import SigningKey, forget_ended, keys_of, reseal

__all__ = [
    "EVENTS",
    "MAX_OVERLAP_SECONDS",
    "MOST_ENDPOINTS",
    "USUAL_OVERLAP_SECONDS",
    "DeliveryNotFound",
    "EndpointDisabled",
    "EndpointNotFound",
    "EventTooLarge",
    "OverlapInvalid",
    "Registered",
    "SigningKey",
    "TooManyEndpoints",
    "UnknownEvent",
    "change",
    "deliver_due",
    "deliveries_of",
    "endpoints_of",
    "enqueue",
    "enqueue_all",
    "find",
    "find_delivery",
    "forget_ended",
    "forget_old",
    "keys_of",
    "redeliver",
    "register",
    "remove",
    "reseal",
    "rotate",
    "send_test",
]
