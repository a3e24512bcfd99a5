"""JSON documents out of files, folders and archives, one at a time: archives are read through, never unpacked."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2")
JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
LINE_SUFFIXES = (".jsonl", ".ndjson")
COMPRESSED_SUFFIXES = (".gz", ".xz", ".bz2")
# A match body is 0.1 to 0.3 MB, so this is some hundreds in one file; beyond it lies .jsonl or an archive.
LARGEST_DOCUMENT_BYTES = 256 * 2**20
# What damaged or truncated files of the kinds above raise.
DAMAGE = (
    OSError,
    EOFError,
    tarfile.TarError,
    zipfile.BadZipFile,
    lzma.LZMAError,
    zlib.error,
    NotImplementedError,
    RuntimeError,
)
NOT_JSON = "not a JSON file"


@dataclass(frozen=True)
class Document:
    """One JSON document."""

    name: str
    """Where it stood, for people: `archive.tar.xz/folder/KR_1.json`, `many.jsonl:12`."""
    value: object


@dataclass(frozen=True)
class Skipped:
    """A file that is not looked into, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Unreadable:
    """What should have been readable, and what is wrong with it. What came before it has been read."""

    name: str
    reason: str


Found = Document | Skipped | Unreadable
Advance = Callable[[int], None]


def size_of(paths: Iterable[Path]) -> int:
    """Bytes on disk, which is what `read_documents` counts its advance in."""
    return sum(file.stat().st_size for path in paths for file in _files(path))


def read_documents(paths: Iterable[Path], *, advance: Advance) -> Iterator[Found]:
    """Each document in these files and folders (searched all the way down); `advance` is told bytes read from disk.

    Reads .json, .jsonl, .ndjson, those compressed as .gz, .xz or .bz2, and .tar (compressed or not) and .zip of them.
    A file that is named directly is read as JSON whatever its suffix. Never raises for what a file holds.
    """
    for path in paths:
        for file in _files(path):
            yield from _read_file(file, advance=advance, named=not path.is_dir())


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


def _read_file(path: Path, *, advance: Advance, named: bool) -> Iterator[Found]:
    try:
        with path.open("rb") as raw:
            yield from _read_stream(path.name, io.BufferedReader(_Counted(raw, advance)), named=named)
    except DAMAGE as problem:
        yield Unreadable(path.name, _described(problem))


def _read_stream(name: str, stream: IO[bytes], *, named: bool) -> Iterator[Found]:
    lower = name.lower()
    if lower.endswith(TAR_SUFFIXES):
        yield from _read_tar(name, stream)
    elif lower.endswith(".zip"):
        yield from _read_zip(name, stream)
    else:
        yield from _read_member(name, stream, named=named)


def _read_tar(name: str, stream: IO[bytes]) -> Iterator[Found]:
    with tarfile.open(fileobj=stream, mode="r|*") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                yield from _read_member(f"{name}/{member.name}", content)


def _read_zip(name: str, stream: IO[bytes]) -> Iterator[Found]:
    with zipfile.ZipFile(stream) as archive:
        for member in archive.infolist():
            if member.is_dir():
                continue
            with archive.open(member) as content:
                yield from _read_member(f"{name}/{member.filename}", content)


def _read_member(name: str, content: IO[bytes], *, named: bool = False) -> Iterator[Found]:
    """A plain file, or one in an archive; archives within archives are not opened."""
    inner = _without_compression(name.lower())
    if not named and (not inner.endswith(JSON_SUFFIXES) or inner.rpartition("/")[2].startswith(".")):
        yield Skipped(name, NOT_JSON)
        return
    read = _read_lines if inner.endswith(LINE_SUFFIXES) else _read_whole
    try:
        with _decompressed(name.lower(), content) as stream:
            yield from read(name, stream)
    except DAMAGE as problem:
        # Only this one: where the archive around it is damaged too, its next member tells.
        yield Unreadable(name, _described(problem))


def _without_compression(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return stem if dot + suffix in COMPRESSED_SUFFIXES else name


def _decompressed(name: str, content: IO[bytes]) -> AbstractContextManager[IO[bytes]]:
    if name.endswith(".gz"):
        return cast("IO[bytes]", gzip.open(content))
    if name.endswith(".xz"):
        return lzma.open(content)
    return bz2.open(content) if name.endswith(".bz2") else nullcontext(content)


def _read_lines(name: str, stream: IO[bytes]) -> Iterator[Found]:
    for number, line in enumerate(stream, start=1):
        if line.strip():
            yield _parsed(f"{name}:{number}", line)


def _read_whole(name: str, stream: IO[bytes]) -> Iterator[Found]:
    content = stream.read(LARGEST_DOCUMENT_BYTES + 1)
    if len(content) > LARGEST_DOCUMENT_BYTES:
        yield Unreadable(name, f"larger than {LARGEST_DOCUMENT_BYTES // 2**20} MB")
    else:
        yield _parsed(name, content)


def _parsed(name: str, content: bytes) -> Document | Unreadable:
    try:
        return Document(name, json.loads(content))
    except RecursionError:
        return Unreadable(name, "nested too deeply")
    except ValueError as problem:
        return Unreadable(name, f"no JSON: {_described(problem)}")


def _described(problem: BaseException) -> str:
    text = str(problem).partition("\n")[0][:120]
    if isinstance(problem, EOFError) or "unexpected end of data" in text:
        return "ends too early: truncated"
    return text or type(problem).__name__


class _Counted(io.RawIOBase):
    """A file that tells how many bytes were read from it."""

    def __init__(self, raw: IO[bytes], advance: Advance) -> None:
        self._raw = raw
        self._advance = advance

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._raw.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._raw.seek(offset, whence)

    def tell(self) -> int:
        return self._raw.tell()

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        content = self._raw.read(len(view))
        view[: len(content)] = content
        self._advance(len(content))
        return len(content)
