import logging
import threading
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from riotwatch_players import backlog
from riotwatch_players.backlog import PendingGroup
from riotwatch_players.ingest import store_match
from riotwatch_players.models import BacklogMatch
from tests.players.factories import NOON, body, source

IDS = [f"EUW1_{number}" for number in range(1, 6)]
TRACKED, DISCOVERY = BacklogMatch.TRACKED, BacklogMatch.DISCOVERY
LATER = NOON + timedelta(minutes=10)


def add(ids: list[str], *, lane: int = TRACKED) -> int:
    return backlog.add(source(), ids, lane=lane, now=NOON)


def settle(match_id: str, reason: str) -> bool:
    """Whether calling the match's body unusable changed anything."""
    written = backlog.settle(source(), {match_id: reason}, lane=DISCOVERY, now=NOON)
    return bool(written.created or written.updated)


def claim(ids: list[str], holder: str, *, now=NOON) -> list[str]:
    return backlog.claim(ids, holder=holder, lease_s=60, now=now)


def pending(*, region: str = "europe", lane: int = TRACKED, now=NOON, limit: int | None = None) -> list[str]:
    return backlog.pending_ids(source(), region=region, lane=lane, now=now, limit=limit)


def lanes() -> dict[str, int]:
    return dict(BacklogMatch.objects.values_list("match_id", "lane"))


def state(match_id: str) -> str:
    return BacklogMatch.objects.get(match_id=match_id).state


@pytest.mark.django_db
def test_listed_ids_wait_per_region_and_lane():
    assert add(["KR_1", "EUW1_1", "EUW1_2"]) == 3
    assert add(["RU_1", "OC1_1"], lane=DISCOVERY) == 2
    assert backlog.pending_groups(source(), now=NOON) == [
        PendingGroup("asia", 1, 1),
        PendingGroup("europe", 1, 2),
        PendingGroup("europe", 2, 1),
        PendingGroup("sea", 2, 1),
    ]
    assert pending() == ["EUW1_1", "EUW1_2"]
    assert pending(limit=1) == ["EUW1_1"]


@pytest.mark.django_db
def test_known_ids_are_not_added_again():
    add(IDS)
    assert add([*IDS, "EUW1_9", "EUW1_9"]) == 1
    store_match(source(), "EUW1_7000000001", body(), now=NOON, discover=None)
    assert add(["EUW1_7000000001"]) == 0
    assert state("EUW1_7000000001") == "fetched"


@pytest.mark.django_db
def test_adding_is_one_statement_however_many():
    place = source()
    with CaptureQueriesContext(connection) as captured:
        backlog.add(place, [f"KR_{number}" for number in range(500)], lane=TRACKED, now=NOON)
    assert len(captured) == 1


@pytest.mark.django_db
def test_a_better_lane_promotes_and_a_worse_one_does_not_demote():
    add(["EUW1_1", "EUW1_2"], lane=DISCOVERY)
    add(["EUW1_2", "EUW1_3"], lane=TRACKED)
    add(["EUW1_3"], lane=DISCOVERY)
    assert lanes() == {"EUW1_1": DISCOVERY, "EUW1_2": TRACKED, "EUW1_3": TRACKED}


@pytest.mark.django_db
def test_malformed_ids_are_logged_and_left_out(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING):
        assert add(["EUW1_1", "euw1_2", "", "MOON1_5", "EUW1_x", "EUW1_1; DROP"]) == 1
    assert sum("backlog_id_ignored" in line for line in caplog.messages) == 5
    assert add(["nonsense"]) == 0


@pytest.mark.django_db
def test_what_one_holds_another_does_not_get():
    add(IDS)
    assert claim(IDS[:3][::-1], "item 1") == ["EUW1_3", "EUW1_2", "EUW1_1"]
    assert claim(IDS, "item 2") == ["EUW1_4", "EUW1_5"]
    assert pending() == []


@pytest.mark.django_db
def test_a_holder_claims_its_own_again_and_others_only_after_the_lease():
    add(["EUW1_1"])
    claim(["EUW1_1"], "item 1")
    assert claim(["EUW1_1"], "item 1") == ["EUW1_1"]
    assert claim(["EUW1_1"], "item 2") == []
    assert pending(now=LATER) == ["EUW1_1"]
    assert claim(["EUW1_1"], "item 2", now=LATER) == ["EUW1_1"]
    assert BacklogMatch.objects.get().attempts == 3


@pytest.mark.django_db
def test_released_matches_are_free_again():
    add(IDS)
    claim(IDS[:3], "item 1")
    claim(IDS[3:], "item 2")
    assert backlog.release("item 1", ["EUW1_1", "EUW1_4"]) == 1
    assert pending() == ["EUW1_1"]
    assert backlog.release("item 1") == 2
    assert pending() == ["EUW1_1", "EUW1_2", "EUW1_3"]


@pytest.mark.django_db
def test_gone_and_broken_matches_are_done_with():
    add(IDS[:3])
    claim(IDS[:3], "item 1")
    assert backlog.mark_gone("EUW1_1", now=NOON)
    assert settle("EUW1_2", "empty shell")
    assert not backlog.mark_gone("EUW1_2", now=NOON)
    assert not settle("EUW1_1", "late")
    assert (state("EUW1_1"), state("EUW1_2"), state("EUW1_3")) == ("gone", "broken", "pending")
    assert BacklogMatch.objects.get(match_id="EUW1_2").reason == "empty shell"
    assert claim(IDS[:3], "item 1") == ["EUW1_3"]
    assert add(IDS[:3]) == 0


@pytest.mark.django_db
def test_a_stored_match_is_not_called_broken():
    store_match(source(), "EUW1_7000000001", body(), now=NOON, discover=None)
    assert not settle("EUW1_7000000001", "garbage")
    assert state("EUW1_7000000001") == "fetched"


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_is_claiming_is_skipped_and_not_waited_for():
    add(["EUW1_1", "EUW1_2"])
    won: list[str] = []

    def other() -> None:
        won.extend(claim(["EUW1_1", "EUW1_2"], "item 2"))
        connections.close_all()

    with transaction.atomic():
        assert claim(["EUW1_1"], "item 1") == ["EUW1_1"]
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(timeout=30)
    assert won == ["EUW1_2"]
