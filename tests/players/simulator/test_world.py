import time
from itertools import pairwise

import pytest

from riotwatch_players.simulator.bodies import Bodies
from riotwatch_players.simulator.ids import Directory
from riotwatch_players.simulator.patches import version_at
from riotwatch_players.simulator.world import World

DAY_S = 86_400


def _bodies(world: World) -> dict[str, bytes]:
    directory = Directory(world.seed, "demo", platforms=[person.platform for person in world.people])
    bodies = Bodies()
    return {match.id: bodies.body(match, directory) for match in list(world.matches())[::40]}


def _standings(world: World) -> list[object]:
    return [
        (person.riot_id, world.account(person).solo, world.account(person).level, world.account(person).rating)
        for person in world.people
    ]


def test_the_same_arguments_give_the_same_people_ladder_and_bodies(small_world):
    one, other = small_world(), small_world()

    assert one.truth() == other.truth()
    assert _standings(one) == _standings(other)
    assert _bodies(one) == _bodies(other)
    assert one.showcase(8) == other.showcase(8)


def test_another_seed_is_another_world(small_world):
    assert small_world(seed="a").people[0].riot_id != small_world(seed="b").people[0].riot_id


def test_the_world_does_not_depend_on_how_often_it_was_asked(small_world, began_at_s):
    steps, leap = small_world(), small_world()

    for minute in range(0, 2 * 24 * 60, 7):
        steps.advance(began_at_s + minute * 60)
    steps.advance(began_at_s + 2 * DAY_S)
    leap.advance(began_at_s + 2 * DAY_S)

    assert [match.id for match in steps.matches()] == [match.id for match in leap.matches()]
    assert _standings(steps) == _standings(leap)


def test_a_restart_shows_the_old_matches_and_what_was_played_since(small_world, began_at_s):
    first = small_world()
    old = _bodies(first)

    restarted = small_world()
    restarted.advance(began_at_s + DAY_S)
    ids = {match.id for match in restarted.matches()}

    assert {match.id for match in first.matches()} < ids
    directory = Directory(restarted.seed, "demo", platforms=[person.platform for person in restarted.people])
    assert all(Bodies().body(restarted.match(match_id), directory) == body for match_id, body in old.items())


def test_no_match_ends_in_the_future_and_nobody_plays_two_at_once(small_world, began_at_s):
    world = small_world()
    world.advance(began_at_s + DAY_S)

    for person in world.people:
        history = world.account(person).history
        assert all(match.end_ms <= (began_at_s + DAY_S) * 1000 for match in history)
        assert all(earlier.end_ms < later.creation_ms for earlier, later in pairwise(history))


def test_speed_makes_more_matches_in_the_same_time_and_leaves_history_alone(small_world, began_at_s):
    slow, fast = small_world(), small_world(speed=5)
    before = [match.id for match in slow.matches()]
    assert before == [match.id for match in fast.matches()]

    slow.advance(began_at_s + DAY_S)
    fast.advance(began_at_s + DAY_S)

    played = [len(list(world.matches())) - len(before) for world in (slow, fast)]
    assert played[1] > 2 * played[0] > 0


def test_time_never_goes_back(small_world, began_at_s):
    world = small_world()
    world.advance(began_at_s + 3600)
    count = world.match_count()

    world.advance(began_at_s)

    assert (world.now_s, world.match_count()) == (began_at_s + 3600, count)


def test_people_are_found_by_riot_id_whatever_the_case_and_spaces(world):
    person = world.people[3]

    assert world.find(f" {person.game_name.upper()}#{person.tag_line.lower()}") is person
    assert world.find("Nobody#NONE") is None


def test_smurfs_win_more_than_others_and_climb(world):
    def won(kind: str) -> float:
        accounts = [world.account(person) for person in world.people if person.kind == kind]
        wins = sum(account.solo.wins - account.person.past_wins for account in accounts)
        return wins / sum(account.rated_games for account in accounts)

    assert won("smurf_fresh") > won("normal") + 0.05


def test_a_default_world_starts_quickly_and_shows_people_worth_tracking(began_at_s):
    started = time.monotonic()
    world = World(began_at_s=began_at_s)
    assert time.monotonic() - started < 20  # about 2 s on one free core

    shown = [world.find(introduction.riot_id) for introduction in world.showcase(20)]
    solo = [sum(match.queue.number == 420 for match in world.account(person).history) for person in shown]
    assert min(solo) >= 100
    assert {person.platform for person in shown} == {"euw1", "na1", "kr"}
    met = {other for match in world.account(shown[0]).history for other in match.lineup}
    assert any(person.kind == "smurf_fresh" for person in met)
    assert any(not person.exists_at(began_at_s) for person in met)
    leaver = shown[1]
    assert leaver.exists_at(began_at_s + 100)
    assert not leaver.exists_at(began_at_s + 200)
    assert world.showcase(2)[1].vanishes_at_s == leaver.vanished_at_s
    assert len({person.riot_id.casefold() for person in world.people}) == 1500
    assert any(not person.game_name.isascii() for person in world.people)


@pytest.mark.parametrize("bad", [{"people": 20}, {"speed": 0}])
def test_a_world_that_cannot_play_is_refused(bad, small_world):
    with pytest.raises(ValueError, match="at least 100 people"):
        small_world(**bad)


@pytest.mark.parametrize(
    ("at_s", "patch"), [(1_774_592_421, "16.6."), (1_767_500_000, "15.24."), (1_795_000_000, "16.23.")]
)
def test_the_version_follows_the_date(at_s, patch):
    assert version_at(at_s).startswith(patch)
