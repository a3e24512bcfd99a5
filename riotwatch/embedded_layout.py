"""Where one installation's embedded servers live. Computing a layout touches nothing."""

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from riotwatch.leash import Account

SHORT_TEMP = Path("/tmp")  # noqa: S108 - a private folder inside it, checked before use; see Layout.runtime


class EmbeddedError(Exception):
    """An embedded server cannot run here. The text names the remedy."""


class ServersNotRunning(Exception):
    """A command needs the installation's servers and they do not run."""

    def __init__(self, data: Path) -> None:
        super().__init__(
            f"The database and the broker of {data} are not running. Start them with `make run` "
            "(or `manage.py up --services-only`), or set DATABASE_URL and REDIS_URL to servers of your own."
        )
        self.data = data


@dataclass(frozen=True)
class Layout:
    """The places of one installation: a pure function of its data folder and the user."""

    data: Path
    """The data folder; absolute."""

    @property
    def runtime(self) -> Path:
        """A short private folder for the sockets, the same for every shell of this user.

        A socket's path may have about 100 characters, so it cannot lie in the data folder, and TMPDIR differs between
        a terminal and a service.
        """
        digest = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:10]
        temp = SHORT_TEMP if os.access(SHORT_TEMP, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())
        return temp / f"riotwatch-{os.getuid()}-{digest}"

    @property
    def log(self) -> Path:
        """The folder of the servers' and processes' logs."""
        return self.data / "log"

    @property
    def postgres_socket(self) -> Path:
        """PostgreSQL's socket; its name is fixed by the default port."""
        return self.runtime / ".s.PGSQL.5432"

    @property
    def postgres_socket_lock(self) -> Path:
        """The file in which PostgreSQL names the server of the socket."""
        return self.runtime / ".s.PGSQL.5432.lock"

    @property
    def valkey_socket(self) -> Path:
        """Valkey's socket."""
        return self.runtime / "valkey.sock"

    @property
    def database_url(self) -> str:
        """The database as Django's DATABASE_URL: through the socket only."""
        return f"postgresql://riotwatch@/riotwatch?host={quote(str(self.runtime), safe='')}"

    @property
    def redis_url(self) -> str:
        """The broker as redis-py reads it; kombu wants `redis+socket://` instead of `unix://`."""
        return f"unix://{quote(str(self.valkey_socket))}"

    def make_runtime(self, owner: Account | None) -> None:
        """Create the socket folder, private to `owner` (this user when None).

        Raises EmbeddedError when something else stands there: a folder in a shared place may be somebody else's trap.
        """
        uid = owner.uid if owner else os.getuid()
        self.runtime.mkdir(mode=0o700, exist_ok=True)
        found = self.runtime.lstat()
        private = stat.S_ISDIR(found.st_mode) and not stat.S_IMODE(found.st_mode) & 0o077
        if not private or found.st_uid not in {uid, os.getuid()}:
            raise EmbeddedError(f"{self.runtime} is not a private folder of this user. Remove it and start again.")
        if found.st_uid != uid:
            os.chown(self.runtime, uid, -1)
