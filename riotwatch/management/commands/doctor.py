"""`manage.py doctor`: says what is wrong with this installation, and which command helps."""

from collections.abc import Sequence

from riotwatch import diagnosis
from riotwatch_jobs.checkups import Finding
from riotwatch_jobs.management.findings_command import FindingsCommand


class Command(FindingsCommand):
    """Needs nothing that could be broken but the settings: those that cannot be read are told by `manage.py` itself."""

    help = "Say what is wrong with this installation (settings, servers, tables, key, processes), and what helps."

    def findings(self) -> Sequence[Finding]:
        """Settings first, then the servers, and so on up to the running processes."""
        return diagnosis.diagnose()
