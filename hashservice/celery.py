"""The Celery app and the whole beat schedule. Messages only wake workers: rows are the queue."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hashservice.settings")

app = Celery("hashservice")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "build-snapshot": {"task": "matching.build_snapshot", "schedule": 60.0},
}
