"""What a check of an account sees, who is due for one, and when an account counts as unavailable."""

from datetime import UTC, datetime, timedelta

import pytest

from riotwatch_messages.models import Message
from riotwatch_players import bans
from riotwatch_players.bans import Checked, CheckRule, Sighting
from riotwatch_players.models import BanCheck, Player, Seen
from tests.players.factories import known

NOW = datetime(2026, 4, 20, 4, 10, tzinfo=UTC)
RULE = CheckRule(min_smurf_score=50, check_after=timedelta(days=7))
GONE = Sighting(account=Seen.NOT_FOUND, summoner=Seen.NOT_FOUND)
FINE = Sighting(account=Seen.RESOLVES, summoner=Seen.RESOLVES)
NO_SUMMONER = Sighting(account=Seen.RESOLVES, summoner=Seen.NOT_FOUND, region=Seen.NOT_FOUND)
TROUBLE = Sighting(account=Seen.TROUBLE, summoner=Seen.NOT_FOUND)

pytestmark = pytest.mark.django_db


def after(**delta: float) -> datetime:
    return NOW + timedelta(**delta)


def check(player: Player, seen: Sighting, now: datetime) -> Checked:
    return bans.record(player, seen, now=now)


def unavailable(player: Player) -> bool:
    player.refresh_from_db()
    return player.unavailable_at is not None


def due(now: datetime = NOW) -> list[str]:
    return sorted(bans.due_players(RULE, now=now).values_list("game_name", flat=True))


# --- One check ---


@pytest.mark.parametrize(
    ("account", "summoner", "region", "result"),
    [
        ("resolves", "resolves", "", "resolves"),
        ("not_found", "resolves", "", "resolves"),  # known of accounts that play every day
        ("trouble", "resolves", "", "resolves"),
        ("not_found", "not_found", "", "not_found"),
        ("resolves", "not_found", "not_found", "not_found"),
        ("resolves", "not_found", "resolves", "resolves"),
        ("resolves", "not_found", "moved", "moved"),
        ("trouble", "not_found", "", "trouble"),
        ("not_found", "trouble", "", "trouble"),
        ("key_problem", "not_found", "", "key_problem"),
        ("not_found", "key_problem", "", "key_problem"),
    ],
)
def test_the_endpoints_together_make_the_result(account, summoner, region, result):
    assert Sighting(Seen(account), Seen(summoner), Seen(region)).result == result


def test_a_check_is_kept_with_what_each_endpoint_said():
    check(known("Ada"), NO_SUMMONER, NOW)
    row = BanCheck.objects.get()
    assert (row.account, row.summoner, row.region, row.result) == ("resolves", "not_found", "not_found", "not_found")
    assert row.checked_at == NOW


def test_who_moved_is_followed():
    ada = known("Ada")
    check(ada, Sighting(Seen.RESOLVES, Seen.NOT_FOUND, Seen.MOVED, moved_to="na1"), NOW)
    ada.refresh_from_db()
    assert (ada.platform, unavailable(ada)) == ("na1", False)


# --- Unavailable ---


def test_three_failed_checks_over_three_days_on_two_endpoints_and_not_before():
    ada = known("Ada")
    for day in (0, 1, 2):
        assert not check(ada, GONE, after(days=day)).newly_unavailable
        assert not unavailable(ada)
    assert check(ada, GONE, after(days=3)).newly_unavailable
    assert unavailable(ada)
    assert not check(ada, GONE, after(days=4)).newly_unavailable


def test_two_failed_checks_are_not_enough_however_far_apart():
    ada = known("Ada")
    check(ada, GONE, NOW)
    check(ada, GONE, after(days=30))
    assert not unavailable(ada)


def test_one_endpoint_alone_is_not_enough_however_often():
    ada = known("Ada")
    for day in range(6):
        check(ada, NO_SUMMONER, after(days=day))
    assert not unavailable(ada)


def test_a_success_in_between_starts_the_count_anew():
    ada = known("Ada")
    check(ada, GONE, NOW)
    check(ada, GONE, after(days=1))
    check(ada, FINE, after(days=2))
    check(ada, GONE, after(days=3))
    check(ada, GONE, after(days=4))
    check(ada, GONE, after(days=5))
    assert not unavailable(ada)
    check(ada, GONE, after(days=6))
    assert unavailable(ada)


def test_checks_that_riots_faults_spoiled_neither_count_nor_excuse():
    ada = known("Ada")
    for day in (0, 1):
        check(ada, GONE, after(days=day))
    for day in (2, 3, 4):
        check(ada, TROUBLE, after(days=day))
        assert not unavailable(ada)
    check(ada, GONE, after(days=5))
    assert unavailable(ada)


def test_a_later_success_takes_it_back():
    ada = known("Ada")
    for day in range(4):
        check(ada, GONE, after(days=day))
    assert unavailable(ada)
    assert check(ada, FINE, after(days=5)).recovered
    assert not unavailable(ada)
    assert not check(ada, FINE, after(days=13)).recovered


# --- Who is due ---


def test_flagged_players_high_scores_failing_tracked_ones_and_the_unavailable_are_watched():
    known("smurf", verdict="likely_smurf")
    known("boosted", verdict="likely_boosted")
    known("mixed", verdict="mixed")
    known("scored", verdict="watch", smurf_score=50)
    known("failing", tracked=True, update_failures=1)
    known("gone", unavailable_at=NOW)
    known("paused", verdict="mixed", paused=True)
    known("normal", verdict="normal", smurf_score=49.9)
    known("unjudged")
    known("well", tracked=True)
    known("failing once, untracked", update_failures=1)
    known("of a closed platform", verdict="mixed", platform="ph2")
    assert due() == ["boosted", "failing", "gone", "mixed", "paused", "scored", "smurf"]


def test_an_account_that_resolved_is_due_again_after_a_week():
    check(known("Ada", verdict="mixed"), FINE, NOW)
    assert due(after(days=1)) == due(after(days=7)) == []
    assert due(after(days=7, seconds=1)) == ["Ada"]


@pytest.mark.parametrize("seen", [GONE, TROUBLE])
def test_a_failed_check_is_due_again_after_20_hours(seen):
    ada = known("Ada", verdict="mixed")
    check(ada, FINE, after(days=-1))
    check(ada, seen, NOW)
    assert due(after(hours=20)) == []
    assert due(after(hours=20, seconds=1)) == ["Ada"]


def test_who_was_never_checked_is_due():
    known("Ada", verdict="mixed")
    assert due() == ["Ada"]


# --- Who is told ---


def test_people_are_told_once_when_an_account_is_gone_and_once_when_it_is_back(settings):
    settings.NOTIFY_URLS = {"phone": "json://127.0.0.1:9/"}
    ada = known("Ada")
    for day in range(5):
        check(ada, GONE, after(days=day))
    for day in (6, 7):
        check(ada, FINE, after(days=day))
    gone = "Ada#EUW (euw1): the account has not resolved for three days. Riot does not say why."
    told = Message.objects.order_by("id").values_list("event", "subject", "level", "text")
    assert list(told) == [
        ("account_unavailable", f"player:{ada.pk}", "warning", gone),
        ("account_unavailable", f"player:{ada.pk}", "success", "Ada#EUW (euw1): the account resolves again."),
    ]
