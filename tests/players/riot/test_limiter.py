"""The budget by itself: what it grants and what it makes callers wait for. Times are checked as generous bounds."""

import time

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from riotwatch_players.riot.errors import BudgetUnavailable
from riotwatch_players.riot.limiter import Grant, Lane, Limiter, Pads, Scope, Wait
from tests.players.riot.valkey import Valkey

SCOPE = Scope("europe", "match-v5.match")
OTHER_METHOD = Scope("europe", "match-v5.ids")
OTHER_HOST = Scope("asia", "match-v5.match")
PERSON, TRACKED, DISCOVERY = Lane.INTERACTIVE, Lane.TRACKED, Lane.DISCOVERY


def headers(app: str = "5:60", used: str = "", method: str = "1000:60", method_used: str = "") -> dict[str, str]:
    named = {
        "X-App-Rate-Limit": app,
        "X-App-Rate-Limit-Count": used,
        "X-Method-Rate-Limit": method,
        "X-Method-Rate-Limit-Count": method_used,
    }
    return {name: value for name, value in named.items() if value}


def granted(limiter: Limiter, scope: Scope = SCOPE, lane: Lane = PERSON) -> Grant:
    outcome = limiter.acquire(scope, lane)
    assert isinstance(outcome, Grant), outcome
    return outcome


def refused(limiter: Limiter, scope: Scope = SCOPE, lane: Lane = PERSON) -> float:
    outcome = limiter.acquire(scope, lane)
    assert isinstance(outcome, Wait), outcome
    return outcome.seconds


def learn(limiter: Limiter, scope: Scope = SCOPE, status: int = 200, **given: str) -> float:
    return limiter.complete(granted(limiter, scope), status=status, headers=headers(**given))


def used(limiter: Limiter, scope: int = 0) -> list[int]:
    return [window.used for window in limiter.usage()[scope].windows]


def test_a_cold_host_lets_one_probe_through(limiter):
    probe = granted(limiter)
    assert refused(limiter) < 1
    assert refused(limiter, OTHER_METHOD) < 1
    granted(limiter, OTHER_HOST)
    limiter.complete(probe, status=200, headers=headers())
    granted(limiter)
    granted(limiter)


def test_a_cold_method_is_probed_on_a_known_host(limiter):
    learn(limiter)
    granted(limiter, OTHER_METHOD)
    refused(limiter, OTHER_METHOD)
    granted(limiter)


def test_an_answer_without_limits_teaches_nothing(limiter):
    limiter.complete(granted(limiter), status=503, headers={})
    time.sleep(1.1)
    granted(limiter)
    refused(limiter)


def test_a_method_without_limits_of_its_own_is_bound_by_the_application(limiter):
    learn(limiter, method="")
    for _ in range(4):
        granted(limiter)
    refused(limiter)


def test_a_full_window_refuses_until_a_slot_is_released(limiter):
    learn(limiter, app="2:1")
    second = granted(limiter)
    assert refused(limiter) <= 1.5
    limiter.complete(second, status=200, headers=headers(app="2:1"))
    time.sleep(1.8)
    granted(limiter)
    granted(limiter)
    refused(limiter)


def test_a_slot_is_held_from_the_answer_and_not_from_the_grant(redis_server):
    limiter = Limiter(redis_server, "budget", pads=Pads(short_s=0))
    learn(limiter, app="1:1")
    time.sleep(1.1)
    slow = granted(limiter)
    time.sleep(1.1)
    refused(limiter)
    limiter.complete(slow, status=200, headers=headers(app="1:1"))
    time.sleep(0.8)
    refused(limiter)
    time.sleep(0.3)
    granted(limiter)


def test_every_window_of_application_and_method_binds(limiter):
    learn(limiter, app="100:60", method="3:60,2:1")
    second = granted(limiter)
    assert refused(limiter) < 2
    limiter.complete(second, status=200, headers=headers(app="100:60", method="3:60,2:1"))
    time.sleep(1.6)
    assert [window.used for window in limiter.usage()[1].windows] == [0, 2]
    granted(limiter)
    assert refused(limiter) > 30
    granted(limiter, OTHER_METHOD)


def test_windows_are_read_in_any_order(limiter):
    learn(limiter, app="3:60,20:1", used="1:60,1:1")
    granted(limiter)
    granted(limiter)
    assert refused(limiter) > 10


def test_a_slot_given_back_is_free_at_once(limiter):
    learn(limiter, app="2:60")
    grant = granted(limiter)
    refused(limiter)
    limiter.give_back(grant)
    granted(limiter)


def test_an_unanswered_request_keeps_its_slot(limiter):
    learn(limiter, app="2:60")
    limiter.fail(granted(limiter))
    assert refused(limiter) > 30


def test_an_unanswered_probe_lets_another_one_follow(limiter):
    limiter.fail(granted(limiter))
    assert refused(limiter) <= 2.1
    time.sleep(2.1)
    granted(limiter)


def test_a_dead_workers_slot_comes_back_after_lease_and_window(redis_server):
    limiter = Limiter(redis_server, "budget", lease_s=1.0, pads=Pads(short_s=0))
    learn(limiter, app="1:1")
    time.sleep(1.1)
    granted(limiter)
    time.sleep(1.1)
    refused(limiter)
    time.sleep(1.1)
    granted(limiter)


def test_a_dead_probe_does_not_keep_the_host_closed(redis_server):
    limiter = Limiter(redis_server, "budget", lease_s=0.6)
    granted(limiter)
    refused(limiter)
    time.sleep(0.7)
    granted(limiter)


def test_foreign_use_is_taken_over_from_riots_count(limiter):
    learn(limiter, app="10:60", used="8:60")
    assert used(limiter) == [8]
    granted(limiter)
    granted(limiter)
    assert refused(limiter) > 30


def test_own_slots_are_never_lowered_by_riots_count(limiter):
    learn(limiter, app="5:60", used="1:60")
    learn(limiter, app="5:60", used="1:60")
    learn(limiter, app="5:60", used="1:60")
    assert used(limiter) == [3]


def test_an_absurd_count_fills_the_window_and_no_more(limiter):
    learn(limiter, app="10:60", used="999999999:60")
    assert used(limiter) == [10]


def test_a_longer_window_learned_later_counts_what_is_known_of_it(limiter):
    learn(limiter, app="20:1")
    in_flight = granted(limiter)
    time.sleep(0.005)  # the order of two grants is told to the millisecond
    learn(limiter, app="20:1,6:60", used="2:1,4:60")
    assert used(limiter)[1] == 5  # Riot's four and the one in flight, which Riot may not have seen
    granted(limiter)
    assert refused(limiter) > 30
    limiter.complete(in_flight, status=200, headers=headers(app="20:1"))
    assert [window.limit for window in limiter.usage()[0].windows] == [20, 6]  # an older request's word


def test_a_raised_limit_opens_at_once(limiter):
    learn(limiter, app="1:60")
    refused(limiter)
    limiter.complete(Grant("match-v5.match|x", SCOPE, PERSON, 0.0), status=200, headers=headers(app="9:60"))
    granted(limiter)


def test_completing_an_unknown_request_inserts_it(limiter, redis_server):
    learn(limiter, app="5:60")
    grant = granted(limiter)
    redis_server.flushall()
    limiter.complete(grant, status=200, headers=headers(app="5:60", used="2:60"))
    granted(limiter)
    refused(limiter)  # still the probe: the lost request's answer does not vouch for others on their way


def test_a_flush_goes_back_to_the_probe(limiter, redis_server):
    learn(limiter, app="5:60")
    for _ in range(3):
        granted(limiter)
    redis_server.flushall()
    probe = granted(limiter)
    refused(limiter)
    limiter.complete(probe, status=200, headers=headers(app="5:60", used="5:60"))
    assert refused(limiter) > 30


def test_a_restarted_redis_goes_back_to_the_probe_and_keeps_what_it_saved(limiter, redis_server):
    learn(limiter, app="5:60")
    learn(limiter, OTHER_HOST, app="5:60")
    redis_server.script_flush()  # what a restart or a failover leaves: data, but no scripts
    granted(limiter)
    refused(limiter)
    granted(limiter, OTHER_HOST)
    refused(limiter, OTHER_HOST)


def test_no_redis_no_requests(limiter, caplog):
    server = Valkey()
    server.start()
    try:
        with Redis(unix_socket_path=server.socket, retry=Retry(NoBackoff(), 0)) as redis:
            limiter = Limiter(redis, "budget")
            learn(limiter)
            grant = granted(limiter)
            server.stop()
            for call in (
                lambda: limiter.acquire(SCOPE, PERSON),
                lambda: limiter.complete(grant, status=200, headers={}),
                lambda: limiter.give_back(grant),
                lambda: limiter.fail(grant),
                lambda: limiter.starts_within("europe", 10),
                limiter.usage,
            ):
                with pytest.raises(BudgetUnavailable):
                    call()
            server.start()
            granted(limiter)
            refused(limiter)
    finally:
        server.close()


def test_an_application_429_stops_the_whole_host_for_everybody(limiter, redis_server):
    learn(limiter)
    answer = headers() | {"Retry-After": "7", "X-Rate-Limit-Type": "application"}
    wait = limiter.complete(granted(limiter), status=429, headers=answer)
    assert 7.4 < wait < 7.6
    other_process = Limiter(redis_server, "budget")
    assert 6 < refused(other_process) <= 7.5
    assert 6 < refused(other_process, OTHER_METHOD) <= 7.5
    assert 6 < limiter.usage()[0].blocked_s <= 7.5
    granted(other_process, OTHER_HOST)
    granted(Limiter(redis_server, "another-keys-budget"))


def test_a_method_429_stops_the_method_only(limiter):
    learn(limiter)
    learn(limiter, OTHER_METHOD)
    limiter.complete(
        granted(limiter), status=429, headers=headers() | {"Retry-After": "7", "X-Rate-Limit-Type": "method"}
    )
    assert 6 < refused(limiter) <= 7.5
    granted(limiter, OTHER_METHOD)


def test_without_retry_after_the_full_window_is_waited_for(limiter):
    learn(limiter, app="20:1,100:30")
    answer = headers(app="20:1,100:30", used="4:1,101:30") | {"X-Rate-Limit-Type": "application"}
    wait = limiter.complete(granted(limiter), status=429, headers=answer)
    assert 30 < wait < 31


def test_without_retry_after_and_counts_the_wait_doubles(limiter):
    waits = []
    for _ in range(2):
        grant = granted(limiter)
        waits.append(limiter.complete(grant, status=429, headers={"X-Rate-Limit-Type": "method"}))
        time.sleep(waits[-1] + 0.05)
    assert 2.3 < waits[0] < 2.6
    assert 4.3 < waits[1] < 4.6


@pytest.mark.parametrize("kind", ["service", "server", ""])
def test_a_429_that_is_not_ours_rests_the_method_and_probes_it(limiter, kind):
    learn(limiter, app="50:60")
    learn(limiter, OTHER_METHOD, app="50:60")
    answer = {"Retry-After": "1"} | ({"X-Rate-Limit-Type": kind} if kind else {})
    wait = limiter.complete(granted(limiter), status=429, headers=answer)
    assert 0.9 < wait < 1.1
    assert refused(limiter) <= 1
    granted(limiter, OTHER_METHOD)
    time.sleep(1.1)
    probe = granted(limiter)
    refused(limiter)
    limiter.complete(probe, status=200, headers=headers(app="50:60"))
    granted(limiter)


def test_a_service_429_without_retry_after_backs_off_at_random(limiter):
    learn(limiter)
    assert limiter.complete(granted(limiter), status=429, headers={}) <= 1.0


def test_a_server_error_rests_the_method_until_a_good_answer(limiter):
    learn(limiter, app="50:60")
    beside = granted(limiter)
    limiter.complete(granted(limiter), status=503, headers=headers(app="50:60"))
    limiter.complete(beside, status=200, headers=headers(app="50:60"))
    granted(limiter)
    granted(limiter)


def test_refused_requests_count(limiter):
    learn(limiter, app="5:60")
    limiter.complete(granted(limiter), status=429, headers={"X-Rate-Limit-Type": "service"})
    assert used(limiter) == [2]


def wait_in(limiter: Limiter, lane: Lane) -> Wait:
    """Ask as one that will wait in place."""
    outcome = limiter.acquire(SCOPE, lane, patience_s=10)
    assert isinstance(outcome, Wait), outcome
    return outcome


def test_a_released_slot_goes_to_the_higher_lane(limiter):
    learn(limiter, app="1:1", method="")
    discovery, tracked, person = (wait_in(limiter, lane) for lane in (DISCOVERY, TRACKED, PERSON))
    time.sleep(person.seconds + 0.01)
    assert isinstance(limiter.acquire(SCOPE, DISCOVERY, ticket=discovery.ticket), Wait)
    assert isinstance(limiter.acquire(SCOPE, TRACKED, ticket=tracked.ticket), Wait)
    assert isinstance(limiter.acquire(SCOPE, PERSON, ticket=person.ticket), Grant)


def test_waiters_of_one_lane_are_sent_one_after_the_other(limiter):
    learn(limiter, app="1:1", method="")
    first, second = wait_in(limiter, PERSON), wait_in(limiter, PERSON)
    assert second.seconds >= first.seconds
    time.sleep(first.seconds + 0.01)
    assert refused(limiter) > 0  # a newcomer does not overtake
    assert isinstance(limiter.acquire(SCOPE, PERSON, ticket=first.ticket), Grant)


def test_a_waiter_that_never_comes_back_keeps_nobody_back_for_long(limiter):
    learn(limiter, app="1:1", method="")
    dead = wait_in(limiter, PERSON)
    time.sleep(dead.seconds + 0.35)
    granted(limiter, lane=PERSON)


def test_who_does_not_wait_in_place_keeps_nobody_back(limiter):
    learn(limiter, app="1:1", method="")
    gone = refused(limiter, lane=PERSON)
    time.sleep(gone + 0.02)
    granted(limiter, lane=DISCOVERY)


@pytest.mark.parametrize(("lane", "at_latest"), [(TRACKED, 4), (DISCOVERY, 10)])
def test_no_lane_starves_though_persons_never_stop_asking(limiter, lane, at_latest):
    holder = granted(limiter)
    limiter.complete(holder, status=200, headers=headers(app="1:60", method=""))
    low = limiter.acquire(SCOPE, lane, patience_s=100)
    persons = [limiter.acquire(SCOPE, PERSON, patience_s=100)]
    for _ in range(at_latest):
        persons.append(limiter.acquire(SCOPE, PERSON, patience_s=100))
        limiter.give_back(holder)
        outcome = limiter.acquire(SCOPE, PERSON, patience_s=100, ticket=persons[0].ticket)
        if isinstance(outcome, Wait):
            assert isinstance(limiter.acquire(SCOPE, lane, ticket=low.ticket), Grant)
            return
        holder = outcome
        persons.pop(0)
    pytest.fail("the lane below never had its turn")


def test_background_is_paced_and_a_person_is_not(limiter):
    learn(limiter, app="10:60", method="")
    burst = 0
    while isinstance(limiter.acquire(SCOPE, TRACKED), Grant):
        burst += 1
    assert 1 <= burst <= 5
    assert 5 < refused(limiter, lane=TRACKED) < 15
    for _ in range(10 - 1 - burst):
        granted(limiter, lane=PERSON)
    refused(limiter, lane=PERSON)


def test_a_production_key_may_burst(limiter):
    learn(limiter, app="500:10,30000:600", method="2000:10")
    burst = 0
    while isinstance(limiter.acquire(SCOPE, TRACKED), Grant):
        burst += 1
    assert burst >= 100
    assert refused(limiter, lane=TRACKED) < 0.1


def test_starts_within_follows_the_tightest_steady_pace(limiter):
    assert limiter.starts_within("europe", 10) == 1
    learn(limiter, app="20:1,100:120")
    assert limiter.starts_within("europe", 10) == 8
    assert limiter.starts_within("europe", 0.1) == 1
    learn(limiter, OTHER_HOST, app="500:10,30000:600")
    assert limiter.starts_within("asia", 10) == 500


def test_usage_shows_each_host_and_method(limiter):
    learn(limiter, app="20:1,100:120", method="50:10")
    learn(limiter, OTHER_HOST, app="5:60", method="")
    rows = [(row.host, row.endpoint, [(w.limit, w.window_s, w.used) for w in row.windows]) for row in limiter.usage()]
    assert rows == [
        ("asia", None, [(5, 60, 1)]),
        ("asia", "match-v5.match", []),
        ("europe", None, [(20, 1, 1), (100, 120, 1)]),
        ("europe", "match-v5.match", [(50, 10, 1)]),
    ]


def test_a_repeated_command_takes_no_second_slot(limiter):
    learn(limiter, app="5:60")
    grant = granted(limiter)
    assert isinstance(limiter.acquire(SCOPE, PERSON, ticket=grant.id), Grant)
    assert used(limiter) == [2]


def test_a_clock_set_back_neither_frees_nor_freezes_slots(limiter, redis_server):
    learn(limiter, app="1:1", method="")
    ahead_ms = 3_600_000
    state = next(iter(redis_server.scan_iter("*:state")))
    redis_server.hincrby(state, "raw", ahead_ms)  # as if the clock had been an hour ahead until now
    key = next(iter(redis_server.scan_iter("*:held:app:1")))
    for member, score in redis_server.zrange(key, 0, -1, withscores=True):
        redis_server.zadd(key, {member: score + ahead_ms})
    assert refused(limiter) <= 1.5
    time.sleep(1.6)
    granted(limiter)
