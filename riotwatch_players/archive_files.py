"""Files of an archive: JSON lines under xz, which get their name once they were read back."""

import hashlib
import itertools
import json
import lzma
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SUFFIX = ".jsonl.xz"
FORMAT = "riotwatch archive"
VERSION = 1
_READ_BYTES = 1 << 20


class Damaged(Exception):
    """A file does not hold what was written into it; the text names the file."""


@dataclass(frozen=True)
class Written:
    """A file that is there and was read back."""

    rows: int
    size_bytes: int
    sha256: str
    """Of the file as it lies on the disk."""


def write(path: Path, head: Mapping[str, Any], rows: Iterable[str]) -> Written:
    """Write a head and rows, each a line of JSON, and read them back; a file of this name is replaced.

    Raises OSError or Damaged; then nothing has this name that did not have it before.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        lines, digest = _write_lines(part, head, rows)
        if (lines, digest) != _digest_of_lines(part):
            raise Damaged(f"{path.name} did not read back as it was written: the disk under {path.parent} is ill")
        written = Written(lines - 1, part.stat().st_size, sha256_of(part))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    _sync(path.parent)
    return written


def read(path: Path, *, sha256: str) -> Iterator[dict[str, Any]]:
    """The rows of a file, one at a time, after a look at the whole; raises OSError or Damaged."""
    if sha256_of(path) != sha256:
        raise Damaged(f"{path} is not the file that was written: its SHA-256 differs from the one that was kept")
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        head = json.loads(next(lines))
        if (head["format"], head["version"]) != (FORMAT, VERSION):
            raise Damaged(f"{path} is of version {head['version']}; this riotwatch reads version {VERSION}")
        for line in lines:
            yield json.loads(line)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_lines(part: Path, head: Mapping[str, Any], rows: Iterable[str]) -> tuple[int, str]:
    """How many lines, and a digest of them."""
    digest, count = hashlib.sha256(), 0
    with os.fdopen(_new_private_file(part), "wb") as file:
        with lzma.open(file, "wb") as packed:
            for row in itertools.chain([json.dumps({"format": FORMAT, "version": VERSION, **head})], rows):
                line = f"{row}\n".encode()
                packed.write(line)
                digest.update(line)
                count += 1
        file.flush()
        os.fsync(file.fileno())
    return count, digest.hexdigest()


def _digest_of_lines(part: Path) -> tuple[int, str]:
    digest, count = hashlib.sha256(), 0
    try:
        with lzma.open(part) as packed:
            while block := packed.read(_READ_BYTES):
                digest.update(block)
                count += block.count(b"\n")
    except (lzma.LZMAError, EOFError):
        return 0, ""
    return count, digest.hexdigest()


def _new_private_file(path: Path) -> int:
    path.unlink(missing_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _sync(folder: Path) -> None:
    """Make the new name last."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
