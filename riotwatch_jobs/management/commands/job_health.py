"""`manage.py job_health`: is the system well? For monitors and for people."""

from collections.abc import Sequence

from riotwatch_jobs import health
from riotwatch_jobs.checkups import Finding
from riotwatch_jobs.management.findings_command import FindingsCommand


class Command(FindingsCommand):
    """Works without the database, too: then that is what is ill."""

    help = "Say what is ill (processes, queues, database, broker, key, disk), since when, and what helps."

    def findings(self) -> Sequence[Finding]:
        """What runs, and how it does."""
        return health.examine()
