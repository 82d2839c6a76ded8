"""The Celery app and the whole beat schedule. Messages only wake workers: rows are the queue."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hashservice.settings")

app = Celery("hashservice")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "build-snapshot": {"task": "matching.build_snapshot", "schedule": 60.0},
    # A message that no worker took in time is dropped: the next one does its work.
    "seal-audit": {"task": "tenants.seal_audit", "schedule": 0.5, "options": {"expires": 5}},
    "sign-checkpoints": {
        "task": "tenants.sign_checkpoints",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "forget-kept-answers": {"task": "tenants.forget_kept_answers", "schedule": 3600.0},
}
