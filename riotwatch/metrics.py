"""`/metrics` for Prometheus: read from the database and Redis when it is asked, so that every process counts.

What is read of rows are gauges: rows are pruned, and a counter must not go back. What the limiter counts are counters.
No player, puuid or key is among the labels.
"""

import hmac
import ipaddress
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import redis
from django.conf import settings
from django.db.models import Count, F, Max, Min, Sum
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from riotwatch.health import BROKER_TIMEOUT_S
from riotwatch_jobs import statistics
from riotwatch_jobs.health import needed_queues
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import EmergencyStop, Execution, Heartbeat, Trigger, WorkerLease, WorkItem
from riotwatch_messages import targets
from riotwatch_messages.models import Message, MessageState
from riotwatch_players import gateway
from riotwatch_players.models import Analysis, BacklogMatch, BacklogState, KeyOutage, Match, Player
from riotwatch_players.riot.errors import BudgetUnavailable
from riotwatch_players.riot.limiter import Lane

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FORWARDED = ("X-Forwarded-For", "X-Real-Ip", "Forwarded")
LAST_DAY = ("runs", "ok", "failed", "rate_limited", "cancelled", "skipped", "slots_missed")
FIGURES = (*LAST_DAY, "mean_duration_s", "p95_duration_s", "mean_requests", "max_requests")

ITEM_STATES = ("done", "failed", "skipped")
HOUR = timedelta(hours=1)

Labeled = Iterable[tuple[tuple[str, ...], float | None]]


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures, for whoever sends METRICS_TOKEN as a bearer; where none is set, for this machine only."""
    if not _may_read(request):
        return HttpResponse("send METRICS_TOKEN as a bearer token\n", status=403, content_type="text/plain")
    registry = CollectorRegistry()
    registry.register(Figures())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE)


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        sent = request.headers.get("Authorization", "")
        return hmac.compare_digest(sent.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    # A proxy on this machine hands on requests from anywhere.
    return _is_loopback(request.META.get("REMOTE_ADDR", "")) and not any(name in request.headers for name in FORWARDED)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


class Figures(Collector):
    """One scrape."""

    def collect(self) -> Iterator[Metric]:
        """What the database says, then what Redis says as far as it answers."""
        now = database_now()
        yield from _runs(now)
        yield from _work(now)
        yield from _processes(now)
        yield from _known()
        yield from _messages()
        yield from _achieved(now)
        yield from _broker()
        yield from _budget()
        yield from _tallies()


def _gauge(name: str, text: str, labels: tuple[str, ...], values: Labeled) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"riotwatch_{name}", text, labels=labels)
    for named, value in values:
        if value is not None:
            family.add_metric(named, value)
    return family


def _counted(rows: Any, *names: str) -> Labeled:  # noqa: ANN401 - any of our QuerySets
    """Rows by the values of these fields."""
    found = rows.order_by().values_list(*names).annotate(n=Count("pk"))
    return [(tuple(str(value) for value in row[:-1]), row[-1]) for row in found]


def _runs(now: datetime) -> Iterator[Metric]:
    open_runs = _counted(Execution.objects.open(), "job_id", "state")
    yield _gauge("open_runs", "Runs that have not ended.", ("job", "state"), open_runs)
    oldest = Execution.objects.open().order_by().values_list("job_id").annotate(since=Min("queued_at"))
    ages: Labeled = [((job,), (now - since).total_seconds()) for job, since in oldest]
    yield _gauge("open_run_age_seconds", "Age of the oldest open run.", ("job",), ages)
    day = statistics.per_job(now=now)
    for name in FIGURES:
        values: Labeled = [((job,), getattr(about, name)) for job, about in day.items()]
        metric = name.removesuffix("_s") + "_seconds" if name.endswith("_s") else name
        yield _gauge(f"last_day_{metric}", f"{name} of the runs that ended in the last 24 hours.", ("job",), values)

    yield _ended_items(now)
    # What was missed altogether is counted as slots_missed.
    opened = Execution.objects.filter(trigger=Trigger.SCHEDULE, queued_at__gt=now - HOUR, slot__isnull=False)
    late = opened.aggregate(late=Max(F("queued_at") - F("slot")))["late"]
    text = "How late beat was at most, of the slots of the last hour."
    yield _gauge("beat_lag_seconds", text, (), [((), late.total_seconds() if late is not None else None)])


def _ended_items(now: datetime) -> Metric:
    ended = Execution.objects.filter(finished_at__gt=now - statistics.DAY).order_by().values("job_id")
    rows: Iterable[Any] = ended.annotate(**{state: Sum(f"items_{state}") for state in ITEM_STATES})
    values: Labeled = [((row["job_id"], state), row[state]) for row in rows for state in ITEM_STATES]
    return _gauge("last_day_items", "Items of the runs that ended in the last 24 hours.", ("job", "state"), values)


def _work(now: datetime) -> Iterator[Metric]:
    open_items = WorkItem.objects.open()
    yield _gauge("open_items", "Items that have not ended.", ("queue", "state"), _counted(open_items, "queue", "state"))
    due = WorkItem.objects.due(now).order_by().values_list("queue").annotate(since=Min("available_at"))
    ages: Labeled = [((queue,), (now - since).total_seconds()) for queue, since in due]
    yield _gauge("due_item_age_seconds", "How long the oldest due item has waited to be sent.", ("queue",), ages)
    waiting = open_items.filter(waits_for_budget=True)
    yield _gauge(
        "items_waiting_for_budget", "Items that wait for the key's budget.", ("queue",), _counted(waiting, "queue")
    )
    pending = BacklogMatch.objects.filter(state=BacklogState.PENDING).count()
    yield _gauge("backlog_matches", "Matches whose bodies are still to be fetched.", (), [((), pending)])


def _processes(now: datetime) -> Iterator[Metric]:
    # A queue whose last worker died is told as 0: a series that vanished would raise no alert.
    threads = dict.fromkeys(needed_queues(), 0)
    for lease in WorkerLease.objects.live(now):
        for queue in lease.queues:
            threads[queue] = threads.get(queue, 0) + lease.concurrency
    capacity: Labeled = [((queue,), count) for queue, count in threads.items()]
    yield _gauge("worker_capacity", "Items that live workers can run at once.", ("queue",), capacity)
    newest = Heartbeat.objects.order_by().values_list("kind").annotate(at=Max("at"))
    ages: Labeled = [((kind,), (now - at).total_seconds()) for kind, at in newest]
    yield _gauge("heartbeat_age_seconds", "Since the last sign of life of a process.", ("process",), ages)
    stopped = float(EmergencyStop.objects.exists())
    yield _gauge("emergency_stop", "1 while everything is stopped.", (), [((), stopped)])


def _known() -> Iterator[Metric]:
    players = Player.objects.all()
    sets = {"tracked": players.tracked(), "discovered": players.discovered(), "flagged": players.flagged()}
    yield _gauge(
        "players", "Players by how they are watched.", ("set",), [((name,), s.count()) for name, s in sets.items()]
    )
    refused = float(KeyOutage.objects.filter(since__isnull=False).exists())
    yield _gauge("riot_key_refused", "1 while Riot does not accept the key.", (), [((), refused)])


def _achieved(now: datetime) -> Iterator[Metric]:
    matches = Match.objects.filter(stored_at__gt=now - HOUR).count()
    yield _gauge("last_hour_matches_stored", "Matches stored in the last hour.", (), [((), matches)])
    analyses = Analysis.objects.filter(analyzed_at__gt=now - HOUR).count()
    yield _gauge("last_hour_analyses", "Analyses made in the last hour.", (), [((), analyses)])


def _messages() -> Iterator[Metric]:
    """By target and state; 0 for a target to which nothing was told yet, so that an alert has a series to look at."""
    counts: dict[tuple[str, ...], float | None] = {
        (name, str(state)): 0 for name in targets.configured() for state in MessageState.values
    }
    counts |= dict(_counted(Message.objects.all(), "target", "state"))
    text = "Messages to people that are kept, by what became of them."
    yield _gauge("people_messages", text, ("target", "state"), counts.items())


def _broker() -> Iterator[Metric]:
    timeout_s = BROKER_TIMEOUT_S
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=timeout_s, socket_connect_timeout=timeout_s)
    with closing(client):
        try:
            lengths: Labeled = [((queue,), client.llen(queue)) for queue in needed_queues()]
            is_up = bool(client.ping())
        except redis.RedisError:
            lengths, is_up = [], False
    yield _gauge("broker_up", "1 while the broker answers.", (), [((), float(is_up))])
    yield _gauge("broker_messages", "Messages that wait in the broker.", ("queue",), lengths)


def _budget() -> Iterator[Metric]:
    labels = ("host", "endpoint", "window_s")
    used = _gauge("budget_used", "Requests that the window counts now; endpoint empty: the application.", labels, [])
    limit = _gauge("budget_limit", "Requests that the window allows.", labels, [])
    blocked = _gauge("budget_blocked_seconds", "Nothing is granted for so long, as after a 429.", labels[:2], [])
    try:
        rows = gateway.limiter().usage()
    except BudgetUnavailable:
        rows = []
    for row in rows:
        blocked.add_metric((row.host, row.endpoint or ""), row.blocked_s)
        for window in row.windows:
            named = (row.host, row.endpoint or "", str(window.window_s))
            used.add_metric(named, window.used)
            limit.add_metric(named, window.limit)
    yield from (used, limit, blocked)


def _tallies() -> Iterator[Metric]:
    """Of all processes: the limiter counts where it decides."""
    families = {
        "granted": _counter("riot_granted", "Requests that were granted.", "lane"),
        "waits": _counter("riot_waits", "Times that somebody was told to wait for the budget.", "lane"),
        "waited_s": _counter("riot_waited_seconds", "For how long they were told to wait, in sum.", "lane"),
        "answers": _counter("riot_answers", "Riot's answers.", "status"),
        "refused": _counter("riot_refused", "Riot's 429s, by whose limit was reached.", "limit"),
    }
    try:
        tallies = gateway.limiter().tallies()
    except BudgetUnavailable:
        tallies = []
    for tally in tallies:
        for name, family in families.items():
            for label, count in getattr(tally, name).items():
                family.add_metric((tally.host, label.name.lower() if isinstance(label, Lane) else label), count)
    yield from families.values()


def _counter(name: str, text: str, label: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"riotwatch_{name}", text, labels=("host", label))
