"""The Celery application. Everything about it that can be set stands in settings.py (CELERY_*)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "riotwatch.settings")

app = Celery("riotwatch")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
