"""A budget that is nearly used up is said once per window, whoever notices."""

import logging

from riotwatch_players.riot.capacity import CapacityWatch
from riotwatch_players.riot.headers import read_rate_headers

SAID = "rate_limit_near_capacity"


def counted(used: str) -> object:
    return read_rate_headers({"X-App-Rate-Limit": "20:1,100:120", "X-App-Rate-Limit-Count": used})


def test_the_longest_window_decides_and_two_processes_say_it_once(redis_server, caplog, logged):
    caplog.set_level(logging.WARNING)
    one, other = CapacityWatch(redis_server, "near:"), CapacityWatch(redis_server, "near:")
    one.look("europe", counted("20:1,89:120"))
    assert not logged(SAID)
    one.look("europe", counted("1:1,90:120"))
    one.look("europe", counted("1:1,91:120"))
    other.look("europe", counted("1:1,92:120"))
    assert logged(SAID) == [f"{SAID} host=europe window_s=120 used=90 limit=100"]
    other.look("asia", counted("1:1,99:120"))
    assert len(logged(SAID)) == 2


def test_the_next_window_is_said_anew(redis_server, caplog, logged):
    caplog.set_level(logging.WARNING)
    CapacityWatch(redis_server, "near:").look("europe", counted("1:1,95:120"))
    assert 0 < redis_server.ttl("near:europe") <= 120
    redis_server.delete("near:europe")
    CapacityWatch(redis_server, "near:").look("europe", counted("1:1,95:120"))
    assert len(logged(SAID)) == 2


def test_headers_without_limits_say_nothing(redis_server, caplog, logged):
    CapacityWatch(redis_server, "near:").look("europe", read_rate_headers({}))
    assert not logged(SAID)
