"""Gunicorn reads this by itself, from the folder it is started in: its own lines look like all others."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "riotwatch.settings")

from django.conf import settings

logconfig_dict = {
    **settings.LOGGING,
    # No line per request: addresses hold puuids, and pages ask often. A proxy before it keeps such a log.
    "loggers": {
        **settings.LOGGING["loggers"],
        "gunicorn.error": {"propagate": True},
        "gunicorn.access": {"propagate": True, "level": "WARNING"},
    },
}
