"""The closed list of what can be done here, `noun.past_participle`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

ACTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "admin.changed": "An administrator changed a row that has no verb of its own.",
        "admin.read": "An administrator opened, searched or listed rows.",
        "admin.signed_in": "Somebody signed in to the admin.",
        "admin.signed_out": "Somebody signed out of the admin.",
        "admin.sign_in_failed": "A sign-in to the admin was refused.",
        "audit.exported": "Audit events left the service as a report.",
        "audit.read": "Audit events were read.",
        "batch.accepted": "A batch of images or hashes was taken in.",
        "batch.read": "The state or the results of a batch were read.",
        "curator.created": "A curator's account was made.",
        "entry.added": "A hash entry was added, waiting for approval.",
        "entry.approved": "A second person approved a hash entry; it matches from now on.",
        "entry.read": "A hash entry was read.",
        "entry.resumed": "A suspended hash entry matches again.",
        "entry.retired": "A hash entry was retired; it never matches again.",
        "entry.suspended": "A hash entry was suspended; it does not match until resumed.",
        "feedback.given": "A tenant said whether a match was right.",
        "hash.checked": "Submitted hashes were compared; none is known.",
        "hash.matched": "Submitted hashes were compared; at least one is known.",
        "image.checked": "A submitted image was compared; it is not known, or not checkable.",
        "image.matched": "A submitted image was compared; it is known.",
        "key.issued": "An API key was issued.",
        "key.read": "The particulars of an API key were read.",
        "key.revoked": "An API key was revoked.",
        "key.rotated": "An API key was replaced by a new one.",
        "list.changed": "The settings of a hash list were changed.",
        "list.created": "A hash list was created.",
        "list.exported": "The entries of a hash list left the service.",
        "list.imported": "A file was imported into a hash list.",
        "membership.changed": "The role of a tenant's member was changed.",
        "membership.created": "A person became a member of a tenant.",
        "membership.removed": "A person ceased to be a member of a tenant.",
        "request.failed": "A request ended in an error of the service.",
        "request.refused": "A request was refused: key, scope, limit or content.",
        "request.served": "A request was answered that has no action of its own.",
        "review.decided": "A curator decided what waited for review.",
        "snapshot.published": "A new state of the index went live.",
        "submission.read": "An earlier submission was read.",
        "tenant.changed": "The settings of a tenant were changed.",
        "tenant.created": "A tenant was created.",
        "tenant.settings_changed": "A tenant's own settings were changed.",
        "usage.read": "Usage figures were read.",
        "webhook.changed": "The address, events or state of a webhook were changed.",
        "webhook.created": "A webhook was registered.",
        "webhook.deleted": "A webhook was removed, with what was still to be delivered.",
        "webhook.delivered": "An event was delivered to a webhook.",
        "webhook.disabled": "A webhook was switched off because deliveries kept failing.",
        "webhook.given_up": "An event was not delivered to a webhook for as long as it was tried.",
        "webhook.read": "Webhooks or their deliveries were read.",
        "webhook.redelivered": "An event was put up for delivery again.",
        "webhook.rotated": "The signing secret of a webhook was replaced by a new one.",
        "webhook.tested": "A test event was put up for delivery to a webhook.",
    }
)
