"""The project's wiring: settings, Celery, URLs, embedded servers and the supervisor."""

import django_stubs_ext

from riotwatch.celery import app as celery_app

# Lets ModelAdmin[Player] and the like be written at run time too, as the type checker wants them.
django_stubs_ext.monkeypatch()

__all__ = ["celery_app"]
