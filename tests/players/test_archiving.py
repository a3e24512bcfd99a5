"""Matches into files and back: what goes, what stays, what a file says, and what damage is told."""

import json
import lzma
import random
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.db.models import F

from riotwatch_pages import command_line
from riotwatch_players import archive_files, archiving, backlog, erasing
from riotwatch_players.archiving import Span
from riotwatch_players.ingest import store_match
from riotwatch_players.models import Archive, ArchiveKind, BacklogMatch, Match, Participant, Player
from tests.players import factories
from tests.players.concurrency import at_once
from tests.players.pages import page

pytestmark = pytest.mark.django_db

PLAYED_ON = factories.NOON.date()
A_YEAR_LATER = factories.NOW + timedelta(days=365)
ALL = Span(PLAYED_ON - timedelta(days=1), PLAYED_ON + timedelta(days=30))


@pytest.fixture(autouse=True)
def folder(settings, tmp_path) -> Path:
    settings.ARCHIVE_DIR = tmp_path / "archives"
    return settings.ARCHIVE_DIR


def store(count=3, **options):
    for match in factories.several(count, **options):
        store_match(factories.source(), factories.id_of(match), match, now=factories.NOW, discover=None)


def archive(span=ALL, *, now=A_YEAR_LATER):
    days = archiving.days_with_matches(span, now=now)
    return [archiving.archive_matches(span.of(day), number=7, now=now) for day in days]


def restore(now=A_YEAR_LATER):
    return [archiving.restore(one, folder=Path(one.folder), now=now) for one in Archive.objects.all()]


def rows_of(model, *without):
    names = [field.attname for field in model._meta.concrete_fields if field.attname not in {"id", *without}]
    return list(model.objects.order_by(*model_order(model)).values(*names))


def model_order(model):
    return ("match__match_id", "position") if model is Participant else ("match_id",)


def lines_of(name, folder):
    return [json.loads(line) for line in lzma.open(folder / name, "rt", encoding="utf-8")]


def test_matches_of_a_day_move_into_one_file_and_come_back_as_they_were(folder):
    store(3)
    matches, places = rows_of(Match, "stored_at"), rows_of(Participant, "match_id")
    games = dict(Player.objects.values_list("puuid", "ranked_games"))
    assert [(one.matches, one.files) for one in archive()] == [(3, 1)]
    assert (Match.objects.count(), Participant.objects.count()) == (0, 0)
    assert set(Player.objects.values_list("ranked_games", flat=True)) == {0}
    assert restore() == [3]
    assert (rows_of(Match, "stored_at"), rows_of(Participant, "match_id")) == (matches, places)
    assert dict(Player.objects.values_list("puuid", "ranked_games")) == games
    assert restore() == [0], "what is there already stays as it is"


def test_days_are_those_of_utc_and_each_has_a_file_of_its_own(folder):
    store(24)  # from one in the afternoon to the next noon
    assert [one.matches for one in archive()] == [11, 13]
    kept = Archive.objects.order_by("day")
    assert [one.name for one in kept] == ["matches-2026-04-01-7.jsonl.xz", "matches-2026-04-02-7.jsonl.xz"]
    assert {path.name for path in folder.iterdir()} == {one.name for one in kept}, "nothing half written is left"


def test_the_same_item_once_more_finds_what_came_meanwhile_and_replaces_no_file(folder):
    store(2)
    archive()
    store(3)  # two of them are imported again
    archive()
    first, again = Archive.objects.order_by("pk")
    assert (first.name, again.name) == ("matches-2026-04-01-7.jsonl.xz", "matches-2026-04-01-7-2.jsonl.xz")
    assert [archiving.restore(one, folder=folder, now=A_YEAR_LATER) for one in (first, again)] == [2, 1]


def test_an_archived_match_is_not_fetched_again_and_a_restored_one_is_known():
    store(1)
    (match_id,) = Match.objects.values_list("match_id", flat=True)
    archive()
    assert BacklogMatch.objects.get(match_id=match_id).state == "archived"
    backlog.add(factories.source(), [match_id], lane=BacklogMatch.TRACKED, now=factories.NOW)
    assert BacklogMatch.objects.get(match_id=match_id).state == "archived"
    restore()
    assert BacklogMatch.objects.get(match_id=match_id).state == "fetched"


@pytest.mark.parametrize("watched", [{"tracked": True}, {"analyzed_at": factories.NOW}])
def test_the_newest_games_of_somebody_who_is_watched_stay(watched, monkeypatch):
    monkeypatch.setattr(archiving, "MAX_GAMES", 2)
    store(5)
    Player.objects.filter(game_name="Ada").update(**watched)
    assert [one.matches for one in archive()] == [3]
    assert sorted(Match.objects.values_list("match_id", flat=True)) == ["EUW1_7000000004", "EUW1_7000000005"]


@pytest.mark.django_db(transaction=True)
def test_two_archives_at_once_write_a_day_once(folder):
    store(2)
    span, found = ALL.of(PLAYED_ON), []
    both = [lambda: found.append(archiving.archive_matches(span, number=7, now=A_YEAR_LATER))] * 2
    assert at_once(*both) == []
    assert sorted(one.matches for one in found) == [0, 2]
    assert (Match.objects.count(), Archive.objects.get().rows, len(list(folder.iterdir()))) == (0, 2, 1)


def test_what_no_analysis_looks_at_goes_whoever_took_part():
    player = factories.known("Ada", tracked=True)
    match = factories.body(queueId=450)
    store_match(player.source, factories.id_of(match), match, now=factories.NOW, discover=None)
    assert [one.matches for one in archive()] == [1]


def test_a_player_is_due_after_as_many_new_games_as_before():
    store(8)
    Player.objects.update(analyzed_games=F("ranked_games") - 3)
    archive()
    assert set(Player.objects.values_list("ranked_games", "analyzed_games")) == {(0, 0)}
    restore()
    assert set(Player.objects.values_list("ranked_games", flat=True)) == {8}


def test_what_was_stored_lately_stays_however_old_unless_somebody_names_its_day():
    store(1)
    soon = factories.NOW + archiving.KEPT_FOR - timedelta(seconds=1)
    assert archive(now=soon) == []
    assert archive(now=soon + timedelta(seconds=2)) != []
    restore(now=soon)
    assert archive(now=soon) == [], "what was put back stays as long as what was fetched"
    assert [one.matches for one in archive(Span(ALL.first, ALL.last, by_hand=True), now=soon)] == [1]


def test_a_file_names_nobody_and_an_erased_player_does_not_come_back(folder):
    store(1)
    archive()
    text = json.dumps(lines_of(Archive.objects.get().name, folder))
    assert [name for name in factories.TEN if name in text or factories.puuid_of(name) in text] == []
    erasing.erase(Player.objects.get(game_name="Ada"), by="a test", user=command_line.account(), now=factories.NOW)
    restore()
    assert list(Participant.objects.filter(player=None).values_list("position", flat=True)) == [0]
    assert not Player.objects.filter(game_name="Ada").exists()


def test_a_file_says_what_it_is_and_only_its_owner_reads_it(folder):
    store(2)
    archive()
    row = Archive.objects.get()
    head, *rows = lines_of(row.name, folder)
    told = (head["format"], head["version"], head["kind"], head["day"])
    assert told == ("riotwatch archive", 1, "matches", "2026-04-01")
    assert [one["match_id"] for one in rows] == ["EUW1_7000000001", "EUW1_7000000002"]
    assert (row.rows, row.size_bytes) == (2, (folder / row.name).stat().st_size)
    assert stat.S_IMODE((folder / row.name).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_where_the_folder_cannot_be_written_nothing_is_lost(folder):
    store(1)
    folder.parent.joinpath("archives").write_text("in the way")
    with pytest.raises(OSError, match="archives"):
        archive()
    assert (Match.objects.count(), Archive.objects.count()) == (1, 0)


def test_a_file_that_does_not_read_back_is_told_and_takes_no_name(folder):
    def rows_whose_disk_loses_them():
        for _ in range(300):
            yield json.dumps(random.randbytes(5_000).hex())
        (part,) = folder.iterdir()
        part.write_bytes(b"")

    with pytest.raises(archive_files.Damaged, match="did not read back as it was written"):
        archive_files.write(folder / "one.jsonl.xz", {}, rows_whose_disk_loses_them())
    assert list(folder.iterdir()) == []


def test_a_damaged_or_missing_file_is_named_and_nothing_of_it_is_put_back(folder):
    store(2)
    archive()
    row = Archive.objects.get()
    path = folder / row.name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(archiving.CannotRestore, match="SHA-256 differs"):
        restore()
    path.unlink()
    with pytest.raises(archiving.CannotRestore, match=f"written on {row.host} to {folder}"):
        restore()
    row.refresh_from_db()
    assert (Match.objects.count(), row.restored_at) == (0, None)


def test_a_file_of_a_later_version_is_not_guessed_at(folder):
    path = folder / "later.jsonl.xz"
    written = archive_files.write(path, {"version": 2}, ["{}"])
    with pytest.raises(archive_files.Damaged, match="reads version 1"):
        list(archive_files.read(path, sha256=written.sha256))


# --- Command line and admin ------------------------------------------------------------------------------------------


def test_restore_archive_takes_names_and_paths_and_leaves_a_trace(folder, capsys):
    store(24)
    archive()
    first, second = Archive.objects.order_by("day")
    call_command("restore_archive", first.name, str(folder / second.name))
    told = capsys.readouterr().out.splitlines()
    assert told == [
        f"{first.name}: 11 of 11 put back",
        f"{second.name}: 13 of 13 put back",
    ]
    assert "put 11 of 11 rows back, by " in LogEntry.objects.get(object_repr=first.name).change_message


def test_restore_archive_says_what_to_do_about_a_file_that_is_elsewhere_or_unknown(folder, tmp_path):
    store(1)
    archive()
    name = Archive.objects.get().name
    with pytest.raises(CommandError, match="knows no archive other: see list_archives") as unknown:
        call_command("restore_archive", name, "other")
    assert (unknown.value.returncode, Match.objects.count()) == (2, 0)
    with pytest.raises(CommandError, match="or name its folder with --folder") as missing:
        call_command("restore_archive", name, "--folder", str(tmp_path))
    assert missing.value.returncode == 1


def test_list_archives_shows_what_there_is(capsys):
    call_command("list_archives")
    assert "nothing is archived" in capsys.readouterr().out
    store(1)
    archive()
    call_command("list_archives", "--json", "--kind", "matches")
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["day"]) == (1, "2026-04-01")
    call_command("list_archives")
    assert told["name"] in capsys.readouterr().out
    call_command("list_archives", "--json", "--kind", "runs")
    assert json.loads(capsys.readouterr().out) == []


def test_an_archives_page_tells_how_its_rows_are_put_back(admin_client):
    store(1)
    archive()
    row = Archive.objects.get(kind=ArchiveKind.MATCHES)
    assert f"manage.py restore_archive {row.name}" in admin_client.get(page(Archive, "change", row.pk)).content.decode()
