"""archive: old matches and runs into files by schedule and by hand, and what retention waits for."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from riotwatch_jobs import audit, housekeeping, switching
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import Execution, ExecutionLog, ExecutionState, Trigger, WorkItem
from riotwatch_jobs.scheduling import sync_schedules
from riotwatch_players import archiving
from riotwatch_players.ingest import store_match
from riotwatch_players.models import Archive, Match
from tests.players import factories

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path) -> Path:
    settings.ARCHIVE_DIR = tmp_path / "archives"
    return settings.ARCHIVE_DIR


def store(age):
    began = timezone.now() - age
    match = factories.body(started_at=began)
    store_match(factories.source(), factories.id_of(match), match, now=began, discover=None)


def ended_run(age, *, lines=(), **fields):
    at = database_now() - age
    values = {"job_id": "toy", "scope": f"old{Execution.objects.count()}", "trigger": Trigger.CLI}
    ended = {"state": ExecutionState.COMPLETED, "queued_at": at, "finished_at": at, "timeout_s": 1, "deadline_s": 1}
    run = Execution.objects.create(**values | ended | fields)
    item = WorkItem.objects.create(
        execution=run,
        key="player:7",
        queue="q",
        state="FAILED",
        available_at=at,
        finished_at=at,
        data={"player": 7, "wanted": ["EUW1_1"]},
    )
    for line in lines:
        ExecutionLog.objects.create(execution=run, item=item, at=at, level=20, logger="x", message=line)
    return run


def test_old_matches_and_runs_are_archived_and_young_ones_stay(run_job):
    store(400 * DAY)
    old, young = ended_run(21 * DAY), ended_run(19 * DAY)
    run = run_job("archive")
    told = {name: run.result[name] for name in ("matches", "runs", "files")}
    assert (run.state, told) == ("COMPLETED", {"matches": 1, "runs": 1, "files": 2})
    assert run.result["size_bytes"] == sum(Archive.objects.values_list("size_bytes", flat=True))
    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.archived_at is not None, young.archived_at, Match.objects.count()) == (True, None, 0)
    assert run_job("archive").reason == "nothing to do"


def test_a_run_comes_back_with_its_items_and_log(run_job):
    run = ended_run(21 * DAY, lines=["first", "second"], result={"apples": 2})
    run_job("archive")
    Execution.objects.filter(pk=run.pk).delete()
    archive = Archive.objects.get()
    assert archiving.restore(archive, folder=Path(archive.folder), now=timezone.now()) == 1
    again = Execution.objects.get(pk=run.pk)
    assert (again.job_id, again.result, again.finished_at) == ("toy", {"apples": 2}, run.finished_at)
    assert list(again.log_lines.values_list("message", "item__key")) == [("first", "player:7"), ("second", "player:7")]
    assert again.items.get().data == {"player": 7}, "which games were somebody's is nothing to keep"
    assert archiving.restore(archive, folder=Path(archive.folder), now=timezone.now()) == 0


def test_logs_in_a_file_name_nobody(run_job, folder):
    factories.known("Ada Lovelace")
    factories.known("Bela", game_name="김민준", tag_line="KR1")
    puuid = factories.puuid_of("Ada")
    lines = [
        f"GET /by-puuid/{puuid}/ids",
        "GET /by-riot-id/Bela%20B/EUW?x",
        'no "Ada Lovelace#EUW" found',
        "김민준#KR1 of item 8",
    ]
    run = ended_run(21 * DAY, lines=lines)
    run_job("archive")
    run.delete()
    archive = Archive.objects.get()
    archiving.restore(archive, folder=folder, now=timezone.now())
    told = list(ExecutionLog.objects.filter(execution__job_id="toy").values_list("message", flat=True))
    assert told == ["GET /by-puuid/[puuid]/ids", "GET /by-riot-id/[name]?x", 'no "[name]" found', "[name] of item 8"]


def test_by_hand_it_is_for_days_and_beside_the_nightly_run():
    store(40 * DAY)
    day = (timezone.now() - 40 * DAY).date()
    with pytest.raises(SystemExit) as end:
        call_command("trigger_job", "archive", "--from", str(day), "--to", str(day), "--inline")
    assert end.value.code == 0
    run = Execution.objects.get(job_id="archive")
    assert (run.scope, run.result["matches"], Match.objects.count()) == (f"days:{day}..{day}", 1, 0)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["archive", "--from", "2025-01-01"], "from_date and to_date come together"),
        (["archive", "--from", "2025-02-01", "--to", "2025-01-01"], "from_date 2025-02-01 is after to_date 2025-01-01"),
        (["archive", "--from", "2025-01-01", "--to", "2999-01-01"], "is not over yet: name yesterday at the latest"),
        (["archive", "--from", "yesterday", "--to", "2025-01-01"], "from_date: "),
        (["ban_checker", "--from", "2025-01-01"], "ban_checker takes no days: leave --from and --to out"),
    ],
)
def test_days_that_make_no_sense_are_refused_by_name(arguments, told):
    with pytest.raises(CommandError, match=told) as refusal:
        call_command("trigger_job", *arguments)
    assert (refusal.value.returncode, Execution.objects.count()) == (2, 0)


def test_where_nothing_can_be_written_the_item_fails_and_says_where(run_job, folder):
    store(400 * DAY)
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("in the way")
    run = run_job("archive")
    assert (run.state, Match.objects.count()) == ("FAILED", 1)
    assert f"Look at ARCHIVE_DIR, which is {folder}" in run.items.get().reason


# --- Retention -------------------------------------------------------------------------------------------------------


def prune():
    housekeeping.prune(database_now())
    return Execution.objects.filter(job_id="toy").count()


def test_retention_waits_for_the_archive_while_it_is_switched_on(run_job):
    sync_schedules()
    ended_run(31 * DAY)
    switching.set_job_enabled("archive", enabled=True, by=audit.command_line())
    assert prune() == 1
    assert WorkItem.objects.filter(state="FAILED").count() == 1
    run_job("archive")
    assert prune() == 0


def test_without_it_retention_deletes_as_ever():
    sync_schedules()
    ended_run(31 * DAY)
    assert prune() == 0


def test_a_run_that_was_put_back_stays_for_thirty_days(run_job):
    ended_run(31 * DAY)
    run_job("archive")
    assert prune() == 0
    archive = Archive.objects.get()
    archiving.restore(archive, folder=Path(archive.folder), now=timezone.now())
    assert prune() == 1
    Execution.objects.update(restored_at=database_now() - 31 * DAY)
    assert prune() == 0
