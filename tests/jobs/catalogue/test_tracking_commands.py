"""track_player and untrack_player against the simulator."""

import json

import pytest
from django.core.management import CommandError, call_command

from riotwatch_jobs.models import JobConfiguration
from riotwatch_players.models import Player, Source


@pytest.fixture
def people(riot):
    """Three Riot IDs of euw1."""
    return [riot_id for riot_id, _ in riot.busiest(3)]


def refused(*arguments):
    with pytest.raises(CommandError) as refusal:
        call_command(*arguments)
    return refusal.value.returncode, str(refusal.value)


def test_a_player_is_tracked_by_riot_id_and_known_by_the_name_riot_gives(people, capsys):
    call_command("track_player", f" {people[0].upper()} ", "--platform", "EUW1")
    player = Player.objects.get()
    assert (player.tracked, player.platform, player.riot_id) == (True, "euw1", people[0])
    assert player.tracked_at is not None
    assert capsys.readouterr().out == f"{people[0]} (euw1) is now tracked\n"


def test_without_a_platform_riot_is_asked_where_they_play(riot, capsys):
    ((riot_id, platform),) = riot.busiest(1, platform="kr")
    call_command("track_player", riot_id)
    assert capsys.readouterr().out == f"{riot_id} ({platform}) is now tracked\n"
    code, message = refused("track_player", "Nobody Ever#0000")
    assert (code, "Riot knows no Nobody Ever#0000: check" in message) == (2, True)


def test_scripts_read_who_was_tracked_and_whether_that_changed_anything(people, capsys):
    told = []
    for command in ("track_player", "track_player", "untrack_player", "untrack_player"):
        call_command(command, people[0], "--platform", "euw1", "--json")
        told.append(json.loads(capsys.readouterr().out))
    assert [(one["tracked"], one["changed"]) for one in told] == [
        *((True, True), (True, False), (False, True), (False, False)),
    ]
    assert {(one["riot_id"], one["platform"]) for one in told} == {(people[0], "euw1")}


def test_tracking_somebody_twice_changes_nothing_and_says_so(people, capsys):
    for _ in range(2):
        call_command("track_player", people[0], "--platform", "euw1")
    assert Player.objects.count() == 1
    assert capsys.readouterr().out.endswith("is already tracked\n")


@pytest.mark.parametrize("text", ["Faker", "#KR1", "Faker#", "Fa#ker#KR1", "", "x" * 65 + "#EUW", "Faker#" + "1" * 17])
def test_a_text_that_is_no_riot_id_is_refused_with_an_example(riot, text):
    code, message = refused("track_player", text, "--platform", "euw1")
    assert code == 2
    assert 'write Name#TAG, for example "Faker#KR1"' in message
    assert refused("untrack_player", text, "--platform", "euw1")[0] == 2


def test_an_unknown_riot_id_is_refused_by_name_and_nothing_is_stored(riot):
    code, message = refused("track_player", "Nobody Ever#0000", "--platform", "euw1")
    assert code == 2
    assert "Riot knows no Nobody Ever#0000 (euw1)" in message
    assert not Player.objects.exists()


@pytest.mark.parametrize("command", ["track_player", "untrack_player"])
@pytest.mark.parametrize("platform", ["mars1", "europe", ""])
def test_a_platform_that_riot_does_not_have_is_refused_naming_those_there_are(people, command, platform):
    code, message = refused(command, people[0], "--platform", platform)
    assert code == 2
    assert "euw1" in message
    assert not Player.objects.filter(tracked=True).exists()


@pytest.mark.parametrize("how", ["environment", "configuration"])
def test_one_more_than_the_limit_is_refused_with_the_remedy(people, settings, how):
    settings.MAX_TRACKED_PLAYERS = 2 if how == "environment" else 50
    if how == "configuration":
        JobConfiguration.objects.create(job_id="tracked_player_updater", config={"max_tracked_players": 2})
    for riot_id in people[:2]:
        call_command("track_player", riot_id, "--platform", "euw1")
    code, message = refused("track_player", people[2], "--platform", "euw1")
    assert code == 2
    assert "2 players are tracked already" in message
    assert "untrack one, or raise it" in message
    assert Player.objects.tracked().count() == 2
    call_command("untrack_player", people[0], "--platform", "euw1")
    call_command("track_player", people[2], "--platform", "euw1")
    assert Player.objects.tracked().count() == 2


def test_a_refused_key_is_a_failure_not_bad_input(riot, people, settings):
    settings.RIOT_API_KEY = "RGAPI-unknown"
    code, message = refused("track_player", people[0], "--platform", "euw1")
    assert code == 1
    assert "Riot could not be asked" in message
    assert "RGAPI-unknown" not in message


def test_a_database_of_another_riot_is_refused_in_words(people):
    Source.objects.create(api_url="https://{host}.api.riotgames.com")
    code, message = refused("track_player", people[0], "--platform", "euw1")
    assert code == 1
    assert "Set RIOT_API_URL back, or use another database" in message


def test_untracking_keeps_what_is_known(people, capsys):
    call_command("track_player", people[0], "--platform", "euw1")
    call_command("untrack_player", people[0].lower(), "--platform", "EUW1")
    player = Player.objects.get()
    assert (player.tracked, player.tracked_at) == (False, None)
    assert capsys.readouterr().out.endswith(f"{people[0]} is no longer tracked\n")
    call_command("untrack_player", people[0], "--platform", "euw1")
    assert capsys.readouterr().out == f"{people[0]} is not tracked\n"


def test_untracking_somebody_unknown_says_that_nobody_here_has_that_name(riot):
    code, message = refused("untrack_player", "Nobody Ever#0000", "--platform", "euw1")
    assert code == 2
    assert "no player Nobody Ever#0000 (euw1) is known here" in message


def test_of_several_who_bore_a_name_the_one_seen_last_is_untracked(riot, people):
    call_command("track_player", people[0], "--platform", "euw1")
    bearer = Player.objects.get()
    game_name, _, tag_line = people[0].rpartition("#")
    Player.objects.create(
        source=bearer.source,
        puuid="earlier",
        game_name=game_name,
        tag_line=tag_line,
        platform="euw1",
        tracked=True,
        level_seen_at=bearer.first_seen_at.replace(year=2020),
    )
    Player.objects.filter(pk=bearer.pk).update(level_seen_at=bearer.first_seen_at)
    call_command("untrack_player", people[0], "--platform", "euw1")
    bearer.refresh_from_db()
    assert bearer.tracked is False
    assert Player.objects.get(puuid="earlier").tracked is True
