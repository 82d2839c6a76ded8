"""The Celery app and the whole beat schedule. Messages only wake workers: rows are the queue."""

import os
from typing import Any

from celery import Celery, Task

from tenants.acting import SERVICE, acting_as

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hashservice.settings")


class ServiceTask(Task):  # type: ignore[misc]
    """Tasks look after all tenants; one that works for a tenant says so."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with acting_as(SERVICE):
            return super().__call__(*args, **kwargs)


app = Celery("hashservice", task_cls=ServiceTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "sweep-batches": {
        "task": "matching.sweep_batches",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "sweep-waiting-images": {
        "task": "matching.sweep_waiting_images",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "build-snapshot": {"task": "matching.build_snapshot", "schedule": 60.0},
    "build-segments": {"task": "matching.build_segments", "schedule": 60.0},
    # Guards act within a minute: half for the schedule, half for the work.
    "check-canaries": {
        "task": "matching.check_canaries",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "suspend-floods": {
        "task": "matching.suspend_floods",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "add-shipped-canaries": {"task": "hashservice.add_shipped_canaries", "schedule": 60.0},
    # A message that no worker took in time is dropped: the next one does its work.
    "seal-audit": {"task": "tenants.seal_audit", "schedule": 0.5, "options": {"expires": 5}},
    "sign-checkpoints": {
        "task": "tenants.sign_checkpoints",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "monthly-reports": {
        "task": "matching.monthly_reports",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "send-cybertips": {
        "task": "matching.send_cybertips",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "deliver-webhooks": {
        "task": "tenants.deliver_webhooks",
        "schedule": 1.0,
        "options": {"expires": 2},
    },
    "look-back": {"task": "matching.look_back", "schedule": 15.0, "options": {"expires": 15}},
    "purge-retained": {
        "task": "matching.purge_retained",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "tidy-webhooks": {"task": "tenants.tidy_webhooks", "schedule": 3600.0},
    "find-expiring-keys": {"task": "tenants.find_expiring_keys", "schedule": 3600.0},
    "compare-quotas": {"task": "tenants.compare_quotas", "schedule": 60.0},
    "mail-notices": {"task": "tenants.mail_notices", "schedule": 60.0},
    "ask-witness": {
        "task": "tenants.ask_witness",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "carry-out-imports": {
        "task": "matching.carry_out_imports",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "poll-exchanges": {
        "task": "matching.poll_exchanges",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "sweep-imports": {"task": "matching.sweep_imports", "schedule": 3600.0},
    "forget-kept-answers": {"task": "tenants.forget_kept_answers", "schedule": 3600.0},
}
