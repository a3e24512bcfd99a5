"""`manage.py trigger_job`: run a job now."""

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from riotwatch_jobs import audit, dispatch, feeder, inline, registry
from riotwatch_jobs.base import FIRST_DAY, LAST_DAY, Job, UnknownPlayers
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.management.operator_command import (
    EXIT_BAD_INPUT,
    EXIT_PARTIAL,
    EXIT_REFUSED,
    EXIT_TIMED_OUT,
    run_as_json,
)
from riotwatch_jobs.messages import CONTROL_QUEUE
from riotwatch_jobs.models import (
    FAILED_ITEM_STATES,
    OPEN_ITEM_STATES,
    Execution,
    ExecutionState,
    Trigger,
)

DEFAULT_TIMEOUT_S = 3600
POLL_EVERY_S = 0.5
EXIT_CODES = {
    ExecutionState.COMPLETED: 0,
    ExecutionState.FAILED: 1,
    ExecutionState.CANCELLED: 1,
    ExecutionState.ABANDONED: 1,
    ExecutionState.SKIPPED: 4,
    ExecutionState.RATE_LIMITED: 5,
}


class Command(BaseCommand):
    """Ask for a run, and optionally wait for its end or work on it right here."""

    help = "Run a job now: queue it, --wait for it, or work on it --inline without any worker."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.epilog = (
            "Exit codes: 0 done (or queued, without --wait), 1 failed, cancelled or abandoned, 2 bad input, "
            "3 timed out, 4 skipped or no live worker, 5 ended rate-limited or partial."
        )
        parser.add_argument("job_id", metavar="JOB_ID")
        parser.add_argument("--wait", action="store_true", help="wait for the run's end and exit with its outcome")
        parser.add_argument("--inline", action="store_true", help="work on the run in this process, without workers")
        parser.add_argument(
            "--timeout", type=float, default=DEFAULT_TIMEOUT_S, metavar="S", help="how long to wait, in seconds"
        )
        parser.add_argument("--json", action="store_true", help="print the run as JSON")
        parser.add_argument(
            "--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="settings for this run only"
        )
        parser.add_argument(
            "--player", nargs="+", action="extend", default=[], metavar="PUUID", help="limit the run to these players"
        )
        for option, setting, which in (("--from", FIRST_DAY, "first"), ("--to", LAST_DAY, "last")):
            parser.add_argument(
                option, dest=setting, metavar="DATE", help=f"{which} day in UTC, for a job that takes days: 2025-03-14"
            )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Trigger, wait, report."""
        del args
        execution = self._request(options)
        if options["inline"]:
            execution = inline.work_off(execution, give_up_after_s=options["timeout"])
        elif options["wait"] and execution.is_open:
            self._require_live_worker(execution)
            execution = self._wait(execution, options)
        self._report(execution, options)
        if options["inline"] or options["wait"] or not execution.is_open:
            raise SystemExit(exit_code(execution))

    def _request(self, options: dict[str, Any]) -> Execution:
        try:
            job = registry.get(options["job_id"])
            wanted = _request_for(job, options)
            execution, created = dispatch.request(wanted, now=database_now())
        except (registry.UnknownJob, dispatch.BadConfig, UnknownPlayers, BadSetting) as problem:
            raise CommandError(str(problem), returncode=EXIT_BAD_INPUT) from None
        if not created:
            self.stderr.write(f"run {execution.pk} was already waiting; it is the one you get")
        return execution

    def _require_live_worker(self, execution: Execution) -> None:
        if not feeder.live_concurrency(CONTROL_QUEUE, database_now()):
            raise CommandError(
                f"run {execution.pk} is queued, but no worker lives to take it. Start the workers (make run), or work "
                f"on it here: manage.py trigger_job {execution.job_id} --inline",
                returncode=EXIT_REFUSED,
            )

    def _wait(self, execution: Execution, options: dict[str, Any]) -> Execution:
        until = time.monotonic() + options["timeout"]
        with _progress(quiet=options["json"]) as bar:
            task = bar.add_task(execution.job_id, total=None, note="")
            while execution.is_open and time.monotonic() < until:
                time.sleep(POLL_EVERY_S)
                execution.refresh_from_db()
                _show(bar, task, execution)
        return execution

    def _report(self, execution: Execution, options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(run_as_json(execution), indent=2))
            return
        counters = f"{execution.items_done} done, {execution.items_failed} failed, {execution.items_skipped} skipped"
        line = f"run {execution.pk} of {execution.job_id}: {execution.state}"
        self.stdout.write(line if execution.is_open else f"{line} ({counters}) {execution.reason}".rstrip())
        for name, value in execution.result.items():
            self.stdout.write(f"  {name}: {value}")
        if execution.is_open and (options["wait"] or options["inline"]):
            self.stderr.write(
                f"timed out after {options['timeout']:g} s; the run goes on: see job_status {execution.job_id}."
            )


class BadSetting(ValueError):
    """A --set that is not KEY=VALUE."""


def _request_for(job: type[Job], options: dict[str, Any]) -> dispatch.Request:
    players = tuple(job.resolve_players(options["player"])) if options["player"] else ()
    overrides = _settings(options["set"]) | _days(job, options)
    return dispatch.Request(
        job_id=job.job_id,
        trigger=Trigger.CLI,
        triggered_by=audit.command_line().name,
        scope=dispatch.scope_of(players, overrides),
        players=players,
        overrides=overrides,
    )


def _settings(pairs: list[str]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise BadSetting(f"--set {pair!r}: write KEY=VALUE, for example --set max_new_matches_per_player=5")
        settings[name] = value
    return settings


def _days(job: type[Job], options: dict[str, Any]) -> dict[str, str]:
    given = {name: options[name] for name in (FIRST_DAY, LAST_DAY) if options[name]}
    if given and FIRST_DAY not in job.Config.model_fields:
        raise BadSetting(f"{job.job_id} takes no days: leave --from and --to out.")
    return given


def exit_code(execution: Execution) -> int:
    """What the shell is told."""
    if execution.is_open:
        return EXIT_TIMED_OUT
    return EXIT_PARTIAL if execution.is_partial else EXIT_CODES[ExecutionState(execution.state)]


def _progress(*, quiet: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, TextColumn("{task.fields[note]}"), console=Console(stderr=True), disable=quiet)


def _show(bar: Progress, task: Any, execution: Execution) -> None:  # noqa: ANN401 - rich's own id type
    items = execution.items
    total = items.count()
    open_items = items.filter(state__in=OPEN_ITEM_STATES).count()
    failed = items.filter(state__in=FAILED_ITEM_STATES).count()
    waiting = execution.waiting_for_budget_until() if open_items else None
    note = f"waiting for budget until {waiting:%H:%M:%S} UTC" if waiting else ""
    if failed:
        note = f"{failed} failed {note}"
    bar.update(task, total=total or None, completed=total - open_items, note=note)
