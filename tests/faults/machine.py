"""What figures were measured on."""

import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import version

import redis
from django.db import connection

GB = 1024**3


def machine(series: str, broker: redis.Redis) -> dict[str, object]:
    """The machine, the servers and the libraries that decide what recovers, and how fast."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        postgresql = cursor.fetchone()[0]
    info = broker.info("server")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "series": series,
        "date": datetime.now(UTC).date().isoformat(),
        "cpus": os.cpu_count(),
        "memory_gb": round(memory / GB),
        "python": platform.python_version(),
        "postgresql": re.match(r"[\d.]+", postgresql)[0],
        "valkey": info.get("valkey_version", info["redis_version"]),
        **{name.replace("-", "_"): version(name) for name in ("celery", "kombu", "django-celery-beat")},
    }
