"""The Celery application with the toy jobs registered, for beats of a test."""

import django

from riotwatch.celery import app

django.setup()

import toys_on_workers  # noqa: E402, F401 - registering needs Django's models

__all__ = ["app"]
