"""Who runs the embedded PostgreSQL, and where its data can lie: root may not run it and folders may be closed."""

import os
import pwd
import stat
from pathlib import Path

from riotwatch.embedded_layout import SHORT_TEMP, EmbeddedError, Layout
from riotwatch.leash import Account

LASTING_TEMP = Path("/var/tmp")  # noqa: S108 - survives a reboot; a private folder inside it
NOBODY_UID = 65534


def owner_of(folder: Path) -> Account | None:
    """The account for a server whose data lies in `folder`: None is this user; root hands over to `nobody`.

    Data that already belongs to an ordinary user stays that user's when root starts it. Raises EmbeddedError when the
    data belongs to somebody else and this user is not root.
    """
    found = _stat(folder)
    if os.getuid() != 0:
        _refuse_foreign(folder, found)
        return None
    if found is not None and found.st_uid != 0:
        return Account(uid=found.st_uid, gid=found.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return Account(uid=NOBODY_UID, gid=NOBODY_UID)
    return Account(uid=nobody.pw_uid, gid=nobody.pw_gid)


def data_folder(layout: Layout, owner: Account | None) -> Path:
    """The server's data folder: in the installation's, unless its owner could not get there.

    Then (root, with a home closed to others) a folder under the system's temp that outlives a reboot. Permissions of
    parents are never changed.
    """
    usual = layout.data / "postgres"
    if owner is None or _open_to_others(layout.data):
        return usual
    return private_temp(layout.runtime.name) / "postgres"


def private_temp(name: str) -> Path:
    """A folder of root's under the system's temp that others may pass through, not list. Raises EmbeddedError."""
    base = LASTING_TEMP if os.access(LASTING_TEMP, os.W_OK | os.X_OK) else SHORT_TEMP
    folder = base / name
    folder.mkdir(mode=0o711, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise EmbeddedError(f"{folder} belongs to another user. Remove it and start again.")
    return folder


def readable_by(path: Path, owner: Account | None) -> bool:
    """Whether the account may read files below `path` as far as its parents are concerned."""
    return owner is None or _open_to_others(path)


def _open_to_others(path: Path) -> bool:
    path.mkdir(mode=0o755, parents=True, exist_ok=True)
    resolved = path.resolve()
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (resolved, *resolved.parents))


def _stat(folder: Path) -> os.stat_result | None:
    try:
        return folder.stat()
    except FileNotFoundError:
        return None


def _refuse_foreign(folder: Path, found: os.stat_result | None) -> None:
    if found is not None and found.st_uid != os.getuid():
        raise EmbeddedError(
            f"{folder} belongs to user {found.st_uid}: it was made by another account (root runs PostgreSQL as "
            "`nobody`). Start as that account, give the data folder to this one, or move it away to start anew."
        )
