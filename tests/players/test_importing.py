import gzip
import io
import json
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from riotwatch_players.importing import Summary, import_matches
from riotwatch_players.models import BacklogMatch, Match, Player, Source
from tests.players.factories import NOW, body, id_of, known, several, source

PAYLOADS = Path(
    os.environ.get("RIOTWATCH_PAYLOADS", settings.BASE_DIR.parent / "shared" / "data" / "riot" / "payloads.tar.xz")
)
WRITTEN = "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables"


def run(*paths: Path) -> Summary:
    return import_matches(paths, source(), now=NOW, advance=lambda _: None)


def rows_written() -> int:
    """Rows this transaction wrote so far."""
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN)
        return int(cursor.fetchone()[0])


def as_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def tar_of(path: Path, files: dict[str, bytes]) -> Path:
    mode = {".xz": "w:xz", ".gz": "w:gz", ".tar": "w"}[path.suffix]
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def zip_of(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def file_of(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


THREE = several(3)
ONE_EACH = {f"deep/{id_of(match)}.json": as_json(match) for match in THREE}
LINES = b"\n".join(map(as_json, THREE)) + b"\n\n"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "make",
    [
        lambda folder: [file_of(folder / name, content) for name, content in ONE_EACH.items()],
        lambda folder: [file_of(folder / "in" / name, content) for name, content in ONE_EACH.items()] and [folder],
        lambda folder: [file_of(folder / "list.json", as_json(THREE))],
        lambda folder: [file_of(folder / "object.json", as_json({"matches": THREE}))],
        lambda folder: [file_of(folder / "lines.jsonl", LINES)],
        lambda folder: [file_of(folder / "lines.jsonl.gz", gzip.compress(LINES))],
        lambda folder: [file_of(folder / "list.json.xz", lzma.compress(as_json(THREE)))],
        lambda folder: [file_of(folder / "without-suffix", as_json(THREE))],
        lambda folder: [tar_of(folder / "all.tar.xz", ONE_EACH)],
        lambda folder: [tar_of(folder / "all.tar.gz", ONE_EACH)],
        lambda folder: [tar_of(folder / "all.tar", {"lines.jsonl.gz": gzip.compress(LINES)})],
        lambda folder: [zip_of(folder / "all.zip", ONE_EACH)],
    ],
)
def test_bodies_are_found_in_every_kind_of_file(tmp_path: Path, make: Callable[[Path], list[Path]]):
    summary = run(*make(tmp_path))
    assert (summary.bodies_read, summary.stored, summary.unreadable) == (3, 3, [])
    assert (summary.players_created, summary.participants_created) == (10, 30)
    assert Match.objects.count() == 3


@pytest.mark.django_db
def test_a_second_import_writes_no_row(tmp_path: Path):
    archive = tar_of(tmp_path / "all.tar.xz", ONE_EACH | {"shell.json": as_json(body("EUW1_9", ()))})
    run(archive)
    before = rows_written()
    again = run(archive)
    assert rows_written() == before > 0
    assert (again.stored, again.already_known, again.unusable.total()) == (0, 3, 1)
    assert (again.records_created, again.records_updated) == (0, 0)


@pytest.mark.django_db
def test_everybody_imported_is_known_and_nobody_discovered(tmp_path: Path):
    known("Ada", tracked=True, tracked_at=NOW)
    run(file_of(tmp_path / "one.json", as_json(body())))
    assert Player.objects.count() == 10
    assert not Player.objects.discovered().exists()


@pytest.mark.django_db
def test_unusable_bodies_are_counted_and_recorded_by_reason(tmp_path: Path):
    nameless = body("EUW1_5")
    del nameless["metadata"]["matchId"]
    summary = run(
        file_of(tmp_path / "shells.json", as_json([body("KR_1", ()), body("KR_2", ()), nameless, *several(1)])),
        file_of(tmp_path / "EUW1_77.json", as_json({"metadata": {}, "info": {"participants": None}})),
        file_of(tmp_path / "odd.json", as_json(body("PBE1_3", ()))),
    )
    assert (summary.bodies_read, summary.stored) == (6, 1)
    assert summary.unusable == {
        "empty shell: no participants (GameComplete)": 3,
        "metadata.matchId is missing": 2,
    }
    broken = set(BacklogMatch.objects.filter(state="broken").values_list("match_id", flat=True))
    assert broken == {"KR_1", "KR_2", "EUW1_5", "EUW1_77", "PBE1_3"}


@pytest.mark.django_db
def test_other_files_are_no_matches_and_no_errors(tmp_path: Path):
    timeline = {"metadata": {"matchId": "KR_1"}, "info": {"frames": []}}
    archive = zip_of(
        tmp_path / "mixed.zip",
        {
            "a.json": as_json(timeline),
            "b.json": as_json({"status": {"message": "Forbidden", "status_code": 403}}),
            "c.json": as_json(["KR_1", "KR_2"]),
            "d.json": as_json({"puuid": "x", "gameName": "Ada"}),
            "e.json": as_json([timeline, body()]),
            "README.md": b"# hello",
            "._f.json": b"\x00\x05",
        },
    )
    summary = run(archive)
    assert (summary.stored, summary.unreadable) == (1, [])
    assert summary.not_matches == {
        "a timeline": 2, "an error answer": 1, "a list of ids": 1, "other JSON": 1, "not a JSON file": 2,
    }  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"<html>", b"[" * 100_000, b"1" * 5000])
def test_what_is_no_json_is_listed_and_the_rest_goes_in(tmp_path: Path, content: bytes):
    summary = run(file_of(tmp_path / "garbage.json", content), file_of(tmp_path / "good.json", as_json(body())))
    assert [one.name for one in summary.unreadable] == ["garbage.json"]
    assert summary.unreadable[0].reason
    assert summary.stored == 1


@pytest.mark.django_db
@pytest.mark.parametrize("suffix", [".tar.xz", ".tar.gz", ".tar"])
def test_a_truncated_archive_says_so_and_keeps_what_was_read(tmp_path: Path, suffix: str):
    noise = os.urandom(300_000)
    archive = tar_of(tmp_path / f"cut{suffix}", ONE_EACH | {"noise.bin": noise, "EUW1_99.json": as_json(body())})
    archive.write_bytes(archive.read_bytes()[:-200_000])
    summary = run(archive)
    # Compressed data comes in blocks: how many bodies lie before the cut is the compressor's affair.
    assert summary.stored == Match.objects.count() <= 3
    assert f"cut{suffix}" in {one.name for one in summary.unreadable}
    assert any("truncated" in one.reason for one in summary.unreadable)


@pytest.mark.django_db
def test_a_damaged_zip_says_so(tmp_path: Path):
    archive = zip_of(tmp_path / "cut.zip", ONE_EACH)
    archive.write_bytes(archive.read_bytes()[:-100])
    assert [one.name for one in run(archive).unreadable] == ["cut.zip"]


@pytest.mark.django_db
def test_more_than_one_transaction_full_goes_in(tmp_path: Path):
    summary = run(file_of(tmp_path / "many.json", as_json(several(230, ("Ada", "Bela")))))
    assert (summary.stored, summary.participants_created) == (230, 460)
    assert set(Player.objects.values_list("ranked_games", flat=True)) == {230}


@pytest.mark.django_db
def test_progress_adds_up_to_the_bytes_on_disk(tmp_path: Path):
    path = file_of(tmp_path / "list.json", as_json(several(40)))
    read: list[int] = []
    import_matches([path], source(), now=NOW, advance=read.append)
    assert sum(read) == path.stat().st_size
    assert len(read) > 1


@pytest.mark.django_db
def test_the_command_prints_a_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    archive = tar_of(tmp_path / "all.tar.xz", ONE_EACH)
    call_command("import_matches", str(archive))
    assert "stored new" in capsys.readouterr().out
    call_command("import_matches", str(archive), "--json")
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (printed["bodies_read"], printed["already_known"], printed["records_created"]) == (3, 3, 0)


@pytest.mark.django_db
def test_a_path_that_does_not_exist_is_a_usage_error(tmp_path: Path):
    with pytest.raises(CommandError, match=r"missing\.json") as error:
        call_command("import_matches", str(tmp_path / "missing.json"))
    assert error.value.returncode == 2


@pytest.mark.django_db
def test_a_database_of_another_address_refuses_imports(tmp_path: Path):
    Source.objects.current("https://{host}.api.riotgames.com")
    with pytest.raises(CommandError, match="RIOT_API_URL") as error:
        call_command("import_matches", str(tmp_path))
    assert error.value.returncode == 4


@pytest.mark.django_db
@pytest.mark.skipif(not PAYLOADS.exists(), reason=f"no real payloads at {PAYLOADS} (RIOTWATCH_PAYLOADS)")
def test_every_real_payload_is_stored_or_recorded_with_its_reason():
    first = run(PAYLOADS)
    assert first.unreadable == []
    assert first.bodies_read == first.stored + first.unusable.total() > 800
    assert Match.objects.count() == first.stored
    assert BacklogMatch.objects.filter(state="broken").exclude(reason="").count() == first.unusable.total()
    before = rows_written()
    second = run(PAYLOADS)
    assert rows_written() == before
    assert second.already_known == first.stored
