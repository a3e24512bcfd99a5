"""Which patch the game is at: by matches, by notices, by what was known."""

from datetime import timedelta

import pytest

from riotwatch_players import patches
from riotwatch_players.ingest import store_match
from riotwatch_players.models import CurrentPatch, PlatformState
from tests.players.factories import NOON, NOW, body, source

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def play(version, *, number=1, started_at=NOON):
    match_id = f"EUW1_{7_000_000_000 + number}"
    match = body(match_id, started_at=started_at, gameVersion=version)
    store_match(source(), match_id, match, now=NOW, discover=None)


def notice(title, *, status="in_progress"):
    told = [{"id": 1, "title": title, "status": status, "severity": None}]
    PlatformState.objects.update_or_create(platform="euw1", defaults={"maintenances": told, "seen_at": NOW})


def known():
    current = CurrentPatch.objects.get()
    return current.patch, current.source


def test_nothing_is_known_of_an_empty_database():
    assert patches.learn(now=NOW) is None
    assert not CurrentPatch.objects.exists()


def test_the_newest_match_tells_the_patch_and_since_when():
    play("16.10.1.2", number=2, started_at=NOON + DAY)
    play("16.9.1.2", number=1)
    current = patches.learn(now=NOW)
    assert known() == ("16.10", "matches")
    assert current.last_updated == NOON + DAY


@pytest.mark.parametrize("title", ["Patch 16.8 is being deployed", "patch 26.8 maintenance"])
def test_a_notice_tells_a_patch_that_nobody_has_played_yet_by_the_year_or_by_the_season(title):
    play("16.7.1.2")
    notice(title)
    patches.learn(now=NOW)
    assert known() == ("16.8", "riot_status")


@pytest.mark.parametrize(
    ("title", "status"), [("Patch 16.8", "scheduled"), ("Patch 16.6", "complete"), ("Login trouble", "in_progress")]
)
def test_a_notice_of_what_is_to_come_of_what_is_past_or_of_something_else_tells_nothing(title, status):
    play("16.7.1.2")
    notice(title, status=status)
    patches.learn(now=NOW)
    assert known() == ("16.7", "matches")


def test_a_patch_never_goes_back():
    play("16.7.1.2")
    notice("Patch 16.8")
    patches.learn(now=NOW)
    PlatformState.objects.update(maintenances=[])
    patches.learn(now=NOW + DAY)
    assert known() == ("16.8", "last_known")
    assert CurrentPatch.objects.get().last_updated == NOW


def test_a_match_of_long_ago_tells_what_was_known_last():
    play("16.7.1.2")
    patches.learn(now=NOON + 30 * DAY)
    assert known() == ("16.7", "last_known")


def test_a_patch_that_nobody_looked_after_for_two_days_is_what_was_known_last():
    play("16.7.1.2")
    current = patches.learn(now=NOW)
    assert patches.source_now(current, now=NOW + DAY) == "matches"
    assert patches.source_now(current, now=NOW + 2 * DAY) == "last_known"
