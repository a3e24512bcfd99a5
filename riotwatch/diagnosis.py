"""What is wrong with this installation, causes before what they cause: for `manage.py doctor`.

Unlike the health checks this looks also at what is wrong before anything runs: settings, servers, tables.
"""

from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor

from riotwatch.health import broker_answers
from riotwatch.log_lines import redacted
from riotwatch_jobs import health, registry
from riotwatch_jobs.checkups import Finding
from riotwatch_jobs.models import JobConfiguration
from riotwatch_players.models import ForeignDatabase, Source

RELEASE = "manage.py migrate && manage.py sync_schedules (the Procfile's release line)"


def diagnose() -> list[Finding]:
    """The ill parts first, in the order in which they are to be mended. Each step needs those before it."""
    found: list[Finding] = []
    for step in (_settings, _servers, _tables, _rows):
        found += step()
        if step is not _settings and any(finding.ill for finding in found):
            break
    else:
        found += [finding for finding in health.examine() if finding.part not in {part.part for part in found}]
    return sorted(found, key=lambda finding: not finding.ill)


def _settings() -> Iterator[Finding]:
    """What Django's system checks and ours say of the settings."""
    serious = [message for message in checks.run_checks() if message.level >= checks.WARNING]
    for message in serious:
        yield Finding("settings", message.msg, remedy=message.hint or f"see {message.id}")
    try:
        bool(settings.SECRET_KEY)
    except ImproperlyConfigured:
        yield Finding("settings", "SECRET_KEY is not set", remedy="manage.py up makes one; elsewhere set it (.env)")
    else:
        if not serious:
            yield Finding("settings")


def _servers() -> Iterator[Finding]:
    yield (
        Finding("database", problem, remedy=_start("DATABASE_URL")) if (problem := _database()) else Finding("database")
    )
    if broker_answers():
        yield Finding("broker")
    else:
        yield Finding("broker", "it does not answer: nothing reaches the workers", remedy=_start("REDIS_URL"))


def _database() -> str:
    try:
        connection.ensure_connection()
    except (DatabaseError, InterfaceError) as problem:
        return f"it does not answer: {redacted(str(problem).strip().splitlines()[0])}"
    return ""


def _start(variable: str) -> str:
    embedded = {"DATABASE_URL": settings.EMBEDDED_POSTGRES, "REDIS_URL": settings.EMBEDDED_VALKEY}[variable]
    return "make run (or manage.py up --services-only)" if embedded else f"start that server, or correct {variable}"


def _tables() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    text = f"{missing} migrations are not applied" if missing else ""
    yield Finding("tables", text, remedy=RELEASE if missing else "")


def _rows() -> Iterator[Finding]:
    """What every installation has once it was set up."""
    yield _data()
    unknown = sorted({job.job_id for job in registry.all_jobs()} - _configured())
    text = f"without a schedule row: {', '.join(unknown)}" if unknown else ""
    yield Finding("schedule rows", text, remedy="manage.py sync_schedules" if unknown else "")
    administrated = get_user_model().objects.filter(is_superuser=True, is_active=True).exists()
    text = "" if administrated else "no account can administrate this: nobody can log in as a superuser"
    yield Finding("accounts", text, remedy="" if administrated else "manage.py createsuperuser")


def _data() -> Finding:
    try:
        Source.objects.current(settings.RIOT_API_URL)
    except ForeignDatabase as problem:
        return Finding("data", str(problem), remedy="correct RIOT_API_URL or DATABASE_URL (README.md, With a Riot key)")
    return Finding("data")


def _configured() -> set[str]:
    return set(JobConfiguration.objects.values_list("job_id", flat=True))
