"""Standings as rows."""

from datetime import timedelta
from functools import partial

import pytest

from riotwatch_players.models import RankSnapshot
from riotwatch_players.standings import record_rank
from tests.players.concurrency import at_once
from tests.players.factories import NOON, NOW, known, solo_queue


@pytest.mark.django_db
def test_a_rank_is_a_row_only_when_it_changed():
    ada = known("Ada")
    flex = solo_queue("SILVER", "I", queue_type="RANKED_FLEX_SR")
    assert record_rank(ada, [solo_queue(), flex], now=NOON) == 2
    assert record_rank(ada, [solo_queue(), flex], now=NOON + timedelta(hours=1)) == 0
    assert record_rank(ada, [solo_queue(points=61, wins=61)], now=NOON + timedelta(hours=2)) == 1
    ada.refresh_from_db()
    assert ada.rank_checked_at == NOON + timedelta(hours=2)
    newest = ada.ranks.filter(queue="RANKED_SOLO_5x5").latest("seen_at")
    assert (str(newest), newest.wins, newest.losses) == ("GOLD II 61 LP", 61, 50)


@pytest.mark.django_db
def test_master_has_no_division_and_arena_no_rank():
    ada = known("Ada")
    arena = solo_queue(None, None, queue_type="CHERRY")
    assert record_rank(ada, [solo_queue("MASTER", "I", 210), arena], now=NOON) == 1
    assert RankSnapshot.objects.get().division is None
    assert record_rank(ada, [solo_queue("MASTER", "I", 210)], now=NOW) == 0


@pytest.mark.django_db
def test_an_answer_that_comes_late_does_not_become_the_current_rank():
    ada = known("Ada")
    record_rank(ada, [solo_queue(points=60)], now=NOON)
    assert record_rank(ada, [solo_queue(points=40)], now=NOON - timedelta(seconds=5)) == 0
    ada.refresh_from_db()
    assert ada.rank_checked_at == NOON


@pytest.mark.django_db(transaction=True)
def test_workers_that_record_the_same_rank_at_once_write_one_row():
    ada = known("Ada")
    for hour in range(5):
        now = NOON + timedelta(hours=hour)
        assert at_once(*[partial(record_rank, ada, [solo_queue(points=hour)], now=now)] * 6) == []
    assert [rank.league_points for rank in ada.ranks.order_by("seen_at")] == [0, 1, 2, 3, 4]
