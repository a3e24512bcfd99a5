"""What Prometheus reads, and who may."""

from contextlib import closing
from typing import Any

import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import Execution, WorkerLease, WorkItem
from riotwatch_messages import telling
from riotwatch_players import gateway, tracking
from riotwatch_players.riot.limiter import Lane, Limiter, Scope, Wait
from riotwatch_players.simulator.app import Options
from riotwatch_players.simulator.ids import DEMO_KEY
from riotwatch_players.simulator.limits import parse_rates
from riotwatch_players.simulator.server import serve
from riotwatch_players.simulator.world import World


def scraped(client: Any) -> dict[tuple[str, ...], float]:
    """Samples by name and the values of their labels, in the order of the labels' names."""
    response = client.get("/metrics")
    assert (response.status_code, response.headers["Content-Type"][:10]) == (200, "text/plain")
    families = text_string_to_metric_families(response.content.decode())
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def test_the_figures_are_those_of_the_database(busy, client):
    told = scraped(client)
    assert told["riotwatch_open_runs", "match_fetcher", "IN_PROGRESS"] == 1
    assert told["riotwatch_last_day_failed", "match_fetcher"] == 1
    assert told["riotwatch_last_day_max_requests", "match_fetcher"] == 7
    assert told["riotwatch_last_day_mean_duration_seconds", "match_fetcher"] == 0
    assert told["riotwatch_open_items", "matches", "WAITING"] == 3
    assert told["riotwatch_items_waiting_for_budget", "matches"] == 1
    assert 0 <= told["riotwatch_due_item_age_seconds", "matches"] < 60
    assert told["riotwatch_worker_capacity", "matches"] == 16
    assert 0 <= told["riotwatch_heartbeat_age_seconds", "beat"] < 60
    assert told["riotwatch_emergency_stop",] == told["riotwatch_riot_key_refused",] == told["riotwatch_broker_up",] == 1
    assert told["riotwatch_broker_messages", "matches"] == 0
    assert told["riotwatch_last_day_items", "match_fetcher", "failed"] == 2
    assert told["riotwatch_beat_lag_seconds",] == 40
    assert told["riotwatch_last_hour_matches_stored",] == told["riotwatch_last_hour_analyses",] == 0


def test_messages_are_counted_by_target_and_state(db, client, settings):
    settings.NOTIFY_URLS = {"phone": "json://127.0.0.1:9/secret", "team": "json://127.0.0.1:9/secret"}
    telling.test("phone", by="ann")
    told = scraped(client)
    counted = {tuple(labels): value for (name, *labels), value in told.items() if name == "riotwatch_people_messages"}
    assert counted[("pending", "phone")] == 1
    assert counted[("failed", "phone")] == counted[("sent", "team")] == 0
    assert "secret" not in str(told)


def test_a_queue_whose_last_worker_is_gone_is_told_with_what_waits_in_it(busy, client, settings):
    WorkerLease.objects.all().delete()
    with closing(redis.Redis.from_url(settings.REDIS_URL)) as broker:
        broker.rpush("matches", "a", "b")
        told = scraped(client)
        broker.delete("matches")
    for queue in ("control", "interactive", "matches"):
        assert told["riotwatch_worker_capacity", queue] == 0
    assert (told["riotwatch_broker_messages", "matches"], told["riotwatch_broker_messages", "control"]) == (2, 0)


def test_the_budget_is_told_by_host_without_the_key(transactional_db, client, settings):
    world = World("metrics", began_at_s=int(database_now().timestamp()), people=100, history_days=1)
    with serve(world, options=Options(application_rates=parse_rates("500:10"), method_rates={})) as simulator:
        settings.RIOT_API_URL, settings.RIOT_API_KEY = simulator.url, DEMO_KEY
        person = next(one for one in world.people if one.platform == "euw1" and one.exists_at(world.now_s))
        tracking.add_player(person.riot_id, platform="euw1", now=database_now())
        told = scraped(client)
        text = client.get("/metrics").content.decode()
    assert told["riotwatch_budget_limit", "", "europe", "10"] == 500
    assert told["riotwatch_budget_used", "", "europe", "10"] >= 1
    assert told["riotwatch_budget_blocked_seconds", "", "europe"] == 0
    assert DEMO_KEY not in text
    assert person.riot_id.partition("#")[0] not in text


def test_what_the_limiter_decided_is_counted_for_all_processes(transactional_db, client, settings):
    settings.RIOT_API_URL = "http://127.0.0.1:9/{host}/counted"
    scope, limits = Scope("europe", "match-v5.match"), {"X-App-Rate-Limit": "2:60", "X-App-Rate-Limit-Count": "1:60"}
    budget = gateway.limiter()
    budget.complete(budget.acquire(scope, Lane.TRACKED), status=200, headers=limits)
    other_process = Limiter(gateway._redis(), budget._budget)
    refusal = {"X-Rate-Limit-Type": "application", "Retry-After": "7"}
    other_process.complete(other_process.acquire(scope, Lane.INTERACTIVE), status=429, headers=refusal)
    assert isinstance(budget.acquire(scope, Lane.DISCOVERY), Wait)
    told = scraped(client)
    assert told["riotwatch_riot_granted_total", "europe", "tracked"] == 1
    assert told["riotwatch_riot_granted_total", "europe", "interactive"] == 1
    assert told["riotwatch_riot_waits_total", "europe", "discovery"] == 1
    assert told["riotwatch_riot_waited_seconds_total", "europe", "discovery"] > 1
    assert told["riotwatch_riot_answers_total", "europe", "200"] == 1
    assert told["riotwatch_riot_refused_total", "europe", "application"] == 1


def test_without_redis_the_database_still_speaks(busy, client, settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    monkeypatch.setattr(gateway, "_shared", {})
    told = scraped(client)
    assert told["riotwatch_broker_up",] == 0
    assert told["riotwatch_open_runs", "match_fetcher", "IN_PROGRESS"] == 1


def test_a_scrape_costs_a_fixed_number_of_queries(busy, client):
    def cost() -> int:
        gateway.reread_key()  # which it does by itself every few seconds
        with CaptureQueriesContext(connection) as queries:
            scraped(client)
        return len(queries)

    before = cost()
    run = Execution.objects.in_progress().get()
    for number in range(20):
        WorkItem.objects.create(execution=run, key=f"more{number}", queue=f"queue{number}", available_at=database_now())
    assert cost() <= before < 30


@pytest.mark.parametrize(
    ("token", "sent", "address", "status"),
    [
        ("", {}, "127.0.0.1", 200),
        ("", {}, "::1", 200),
        ("", {}, "10.0.0.9", 403),
        ("", {}, "", 403),
        ("", {"X-Forwarded-For": "127.0.0.1"}, "127.0.0.1", 403),
        ("secret", {"Authorization": "Bearer secret"}, "10.0.0.9", 200),
        ("secret", {"Authorization": "Bearer wrong"}, "127.0.0.1", 403),
        ("secret", {"Authorization": "Bearer é"}, "127.0.0.1", 403),
        ("secret", {}, "127.0.0.1", 403),
    ],
)
def test_who_may_read(transactional_db, client, settings, token, sent, address, status):
    settings.METRICS_TOKEN = token
    assert client.get("/metrics", headers=sent, REMOTE_ADDR=address).status_code == status
    assert client.post("/metrics").status_code == 405
