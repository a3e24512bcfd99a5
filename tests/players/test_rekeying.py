"""The key was replaced by one of another application: two applications of one simulator, over HTTP."""

import io
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from riotwatch_messages.models import Follow, Message
from riotwatch_players import backlog, gateway, outages, rekeying, tracking, updating
from riotwatch_players.discovery import DiscoveryRule
from riotwatch_players.fetching import Fetcher
from riotwatch_players.models import (
    BacklogMatch,
    BanCheck,
    KeyOutage,
    Match,
    Participant,
    Player,
    RankSnapshot,
    RiotKey,
    Source,
)
from riotwatch_players.news import subject_of
from riotwatch_players.rekeying import Change, Reach
from riotwatch_players.riot.errors import ForeignId
from riotwatch_players.riot.limiter import Lane
from riotwatch_players.simulator.app import App, Options
from riotwatch_players.simulator.faults import read_fault
from riotwatch_players.simulator.ids import DEMO_KEY
from riotwatch_players.simulator.limits import parse_rates
from riotwatch_players.simulator.server import RunningSimulator
from riotwatch_players.simulator.world import World
from tests.players.concurrency import wait_until_somebody_waits

NEW_KEY = "RGAPI-00000000-0000-4000-8000-000000009999"
DISCOVERED = 12
BEGAN_AT_S = 1_790_000_000
"""A world that is the same in every run: in some others one of those who are met has vanished."""

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def simulator():
    world = World("rekeying", began_at_s=BEGAN_AT_S, people=100, history_days=20)
    lag_s = time.time() - BEGAN_AT_S
    options = Options(application_rates=parse_rates("100000:10"), method_rates={}, lag_s=lag_s)
    app = App(world, options, wall=time.time)
    with RunningSimulator(app, address="127.0.0.1", port=0) as running:
        yield app, running.url


@pytest.fixture
def riot(simulator, settings, monkeypatch):
    """A server with a key of each of two applications; the first one is in use."""
    app, address = simulator
    app.keys.add(DEMO_KEY, "demo")
    app.keys.add(NEW_KEY, "another")
    app.faults.clear()
    settings.RIOT_API_URL = address
    settings.RIOT_API_KEY = DEMO_KEY
    # There are no other processes that would have to notice the key.
    monkeypatch.setattr(rekeying, "KEY_IS_EVERYWHERE_AFTER_S", 0.0)
    monkeypatch.setattr(rekeying, "PAUSE_AFTER_TROUBLE_S", 0.0)
    gateway.reread_key()
    yield app
    app.faults.clear()


class Quiet:
    """Progress that nobody watches."""

    def info(self, event, **fields): ...

    def warning(self, event, **fields): ...

    def count(self, *, requests=0, created=0, updated=0): ...

    def remember(self, **facts): ...

    def checkpoint(self): ...


def fetcher():
    return Fetcher(
        source=gateway.current_source(),
        client=gateway.client(Lane.TRACKED),
        holder="test",
        discover=DiscoveryRule(max_discovered_players=DISCOVERED),
        clock=timezone.now,
    )


def update(player, *, max_new_matches=3):
    player.refresh_from_db()
    rule = updating.UpdateRule(tracked_depth=20, max_new_matches=max_new_matches)
    return updating.update_player(player, rule, fetcher=fetcher(), progress=Quiet(), memory={})


@pytest.fixture
def tracked(riot):
    """Two players who were updated with the old key, a few of their games, and the people met in those."""
    people = [p for p in riot.world.people if p.platform == "euw1" and p.exists_at(riot.world.now_s)]
    people.sort(key=lambda person: -len(riot.world.account(person).history))
    players = [tracking.add_player(p.riot_id, platform=p.platform, now=timezone.now()) for p in people[:2]]
    for player in players:
        tracking.track(player, now=timezone.now())
        update(player)
    return players


def rekey(monkeypatch, *options, key=NEW_KEY, out=None):
    monkeypatch.setattr("sys.stdin", io.StringIO(key + "\n"))
    out = out or io.StringIO()
    try:
        call_command("rekey_players", *options, stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue() + str(error)
    return 0, out.getvalue()


def puuids_of(riot, application):
    return set(riot.directory(application).puuids)


def games():
    """Who stood where in which match."""
    return set(Participant.objects.values_list("player_id", "match_id", "position"))


def fetch_what_is_pending(count):
    ids = list(BacklogMatch.objects.filter(state="pending").values_list("match_id", flat=True)[:count])
    assert fetcher().fetch(ids, Quiet(), {}).matches_fetched == len(ids) > 0


def doubled():
    names = [(p.game_name.lower(), p.tag_line.lower(), p.platform) for p in Player.objects.filter(discovered())]
    return len(names) - len(set(names))


def discovered():
    return Q(tracked=True) | Q(discovered_at__isnull=False)


def test_updates_work_again_and_nothing_is_lost_or_doubled(riot, tracked, monkeypatch):
    before, people = games(), Player.objects.count()
    assert outages.standing() is None
    code, said = rekey(monkeypatch)
    assert (code, f"{2 + DISCOVERED} players have new ids" in said) == (0, True), said
    assert NEW_KEY not in said
    assert gateway.key_in_use().text == NEW_KEY
    assert outages.standing() is None
    assert gateway.current_source().application == 2
    moved = Player.objects.filter(discovered())
    assert set(moved.values_list("puuid", flat=True)) <= puuids_of(riot, "another")
    assert set(moved.values_list("source", flat=True)) == {gateway.current_source().pk}
    assert (games(), Player.objects.count()) == (before, people)
    for player in tracked:
        assert update(player).resolves
    fetch_what_is_pending(4)
    assert before < games()
    assert doubled() == 0
    assert Player.objects.tracked().count() == 2


def test_a_key_in_use_that_caused_the_outage_ends_it_by_rekeying(riot, tracked, settings, monkeypatch):
    settings.RIOT_API_KEY = NEW_KEY
    outages.judge_foreign_id(ForeignId(endpoint="summoner-v4.by-puuid", host="euw1", status=400))
    assert "rekey_players" in outages.remedy(outages.standing())
    with pytest.raises(outages.KeyOfAnotherApplication, match="rekey_players"):
        outages.replace_key(NEW_KEY)
    assert rekey(monkeypatch, "--key-in-use", "--reach", "tracked")[0] == 0
    assert outages.standing() is None
    assert not RiotKey.objects.filter(origin="stored").exists()
    assert Player.objects.filter(source=gateway.current_source()).count() == 2


class Interrupted(Exception):
    """Somebody pressed Ctrl-C."""


def interrupt_after(players):
    """Begin with the new key and stop after so many players."""
    asked = 0

    def advance():
        nonlocal asked
        asked += 1
        if asked == players:
            raise Interrupted

    with pytest.raises(Interrupted):
        rekeying.rekey(rekeying.begin(NEW_KEY), Reach.DISCOVERED, advance=advance)


def a_minute_passes():
    KeyOutage.objects.update(next_probe_at=F("next_probe_at") - timedelta(seconds=60))


@pytest.mark.parametrize("moved", [1, 2])
def test_interrupted_half_way_everything_waits_and_the_next_start_goes_on(riot, tracked, monkeypatch, moved):
    interrupt_after(moved)
    assert gateway.current_source().application == 1
    a_minute_passes()
    assert outages.standing().kind == KeyOutage.FOREIGN
    with pytest.raises(outages.KeyOfAnotherApplication):
        outages.check_key()
    asked = riot.counters.requests
    code, said = rekey(monkeypatch, "--key-in-use")
    assert (code, f"{2 - moved + DISCOVERED} players have new ids" in said) == (0, True), said
    assert riot.counters.requests - asked < 1 + DISCOVERED + 10
    assert [source.application for source in Source.objects.order_by("application")] == [1, 2]
    assert outages.standing() is None
    assert doubled() == 0
    assert all(update(player).resolves for player in tracked)


def test_interrupted_after_the_tracked_ones_the_others_follow_later(riot, tracked, monkeypatch):
    interrupt_after(4)
    assert gateway.current_source().application == 2
    assert outages.standing() is None
    code, said = rekey(monkeypatch, "--key-in-use")
    assert (code, f"{DISCOVERED - 2} players have new ids" in said) == (0, True), said


def test_half_way_one_can_still_go_back_to_the_old_key(riot, tracked, monkeypatch):
    old = set(Player.objects.values_list("pk", "puuid"))
    interrupt_after(1)
    assert rekey(monkeypatch, key=DEMO_KEY)[0] == 0
    assert set(Player.objects.values_list("pk", "puuid")) == old
    assert outages.standing() is None
    assert all(update(player).resolves for player in tracked)


def test_whoever_cannot_be_resolved_is_listed_and_keeps_the_old_id(riot, tracked, monkeypatch):
    lost, found = tracked
    Player.objects.filter(pk=lost.pk).update(game_name="Nobody Ever", tag_line="0000")
    code, said = rekey(monkeypatch, "--reach", "tracked")
    assert code == 5
    assert f"not found: Nobody Ever#0000 (euw1): {Change.NOT_FOUND}" in said
    assert Player.objects.get(pk=lost.pk).puuid == lost.puuid
    assert outages.standing() is None
    Player.objects.filter(pk=found.pk).update(last_updated=None)
    assert outages.replace_key(NEW_KEY)
    assert update(found).resolves
    # Jobs do not ask for an id that the key cannot read: it would fail in every run.
    assert set(Player.objects.tracked().active().reachable()) == {found}


def test_scripts_read_how_many_moved_and_who_did_not(riot, tracked, monkeypatch):
    lost, _ = tracked
    Player.objects.filter(pk=lost.pk).update(game_name="Nobody Ever", tag_line="0000")
    told = io.StringIO()
    code, _ = rekey(monkeypatch, "--reach", "tracked", "--json", out=told)
    nobody = {"id": lost.pk, "riot_id": "Nobody Ever#0000", "platform": "euw1", "why": Change.NOT_FOUND}
    assert (code, json.loads(told.getvalue())) == (5, {"moved": 1, "merged": 0, "unresolved": [nobody]})


def test_a_player_met_again_before_is_merged_with_all_games_and_ranks(riot, tracked, monkeypatch):
    first_seen = dict(Player.objects.values_list("puuid", "pk"))
    assert rekey(monkeypatch, "--reach", "tracked")[0] == 0
    fetch_what_is_pending(6)
    ghosts = Player.objects.filter(source=gateway.current_source(), tracked=False)
    names = {(p.game_name, p.tag_line): p for p in ghosts}
    old = Player.objects.discovered().exclude(source=gateway.current_source())
    pairs = [(p, names[p.game_name, p.tag_line]) for p in old if (p.game_name, p.tag_line) in names]
    assert pairs
    kept, gone = pairs[0]
    for player, points, days in ((kept, 10, 3), (kept, 20, 2), (gone, 20, 1), (gone, 35, 0)):
        rank(player, points, days)
    BanCheck.objects.create(player=gone, checked_at=timezone.now(), result="resolves", account="resolves", summoner="")
    for player, target in ((kept, "phone"), (gone, "phone"), (gone, "team")):
        Follow.objects.create(subject=subject_of(player), target=target)
    told = Message.objects.create(event="account_flagged", level="warning", subject=subject_of(gone), target="team")
    Player.objects.filter(pk=gone.pk).update(tracked=True, tracked_at=timezone.now())
    taken = Participant.objects.filter(player__in=[kept, gone]).count()
    usable = kept.ranked_games + gone.ranked_games
    places = Participant.objects.filter(player__isnull=False).count()
    code, said = rekey(monkeypatch, "--key-in-use")
    assert (code, f"{len(pairs)} were merged" in said) == (0, True), said
    assert not Player.objects.filter(pk=gone.pk).exists()
    merged = Player.objects.get(pk=kept.pk)
    assert kept.pk in first_seen.values()
    assert (merged.puuid, merged.source, merged.tracked) == (gone.puuid, gateway.current_source(), True)
    assert merged.discovered_at == kept.discovered_at
    assert merged.ranked_games == usable
    assert merged.games.count() == taken
    assert Participant.objects.filter(player__isnull=False).count() == places
    assert [one.league_points for one in merged.ranks.order_by("seen_at")] == [10, 20, 35]
    assert BanCheck.objects.get().player == merged
    told.refresh_from_db()
    assert told.subject == subject_of(merged)
    following = Follow.objects.values_list("subject", "target")
    assert sorted(following) == [(subject_of(merged), "phone"), (subject_of(merged), "team")]
    assert doubled() == 0


def rank(player, points, days_ago):
    RankSnapshot.objects.create(
        player=player,
        queue="RANKED_SOLO_5x5",
        tier="GOLD",
        division="I",
        league_points=points,
        wins=1,
        losses=1,
        seen_at=timezone.now() - timedelta(days=days_ago),
    )


def test_a_name_that_changed_hands_does_not_make_two_people_one(riot, tracked, monkeypatch):
    bearer, former = tracked
    Player.objects.filter(pk=former.pk).update(
        game_name=bearer.game_name, tag_line=bearer.tag_line, level_seen_at=timezone.now() - timedelta(days=90)
    )
    code, said = rekey(monkeypatch, "--reach", "tracked")
    assert (code, str(Change.NAME_OF_ANOTHER) in said) == (5, True)
    assert Player.objects.tracked().count() == 2
    assert Player.objects.get(pk=former.pk).puuid == former.puuid
    code, said = rekey(monkeypatch, "--key-in-use", "--reach", "tracked")
    assert (code, str(Change.NAME_OF_ANOTHER) in said) == (5, True)
    assert Player.objects.tracked().count() == 2


def test_somebody_tracked_with_the_new_key_before_the_move_is_the_same_player(riot, tracked, settings, monkeypatch):
    settings.RIOT_API_KEY = NEW_KEY
    one = tracked[0]
    again = tracking.add_player(one.riot_id, platform=one.platform, now=timezone.now())
    assert again.pk != one.pk
    tracking.track(again, now=timezone.now())
    assert rekey(monkeypatch, "--key-in-use")[0] == 0
    assert {player.pk for player in Player.objects.tracked()} == {player.pk for player in tracked}


def test_what_waits_to_be_fetched_still_does(riot, tracked, monkeypatch):
    now = timezone.now()
    waiting = backlog.pending_groups(gateway.current_source(), now=now)
    assert waiting
    assert rekey(monkeypatch, "--reach", "tracked")[0] == 0
    assert backlog.pending_groups(gateway.current_source(), now=now) == waiting
    assert Match.objects.exclude(source=gateway.current_source()).exists()


def test_the_key_that_is_in_use_all_the_time_changes_nothing(riot, tracked, monkeypatch):
    before = set(Player.objects.values_list("pk", "puuid", "source"))
    code, said = rekey(monkeypatch, key=DEMO_KEY)
    assert (code, "0 players have new ids" in said) == (0, True)
    assert set(Player.objects.values_list("pk", "puuid", "source")) == before
    assert Source.objects.count() == 1


@pytest.mark.parametrize("key", ["", "no key", "RGAPI-unknown-to-riot"])
def test_a_key_that_does_not_work_changes_nothing(riot, tracked, monkeypatch, key):
    code, said = rekey(monkeypatch, key=key)
    assert (code, "Nothing was changed" in said) == (2, True)
    assert Source.objects.count() == 1
    assert outages.standing() is None


def test_riot_in_trouble_ends_it_with_1_and_it_goes_on_from_there(riot, tracked, monkeypatch):
    riot.faults.arm(read_fault({"kind": "status", "status": 503, "endpoint": "account-v1.by-riot-id"}))
    code, said = rekey(monkeypatch)
    assert (code, "start the command again" in said) == (1, True)
    assert outages.standing()
    riot.faults.clear()
    assert rekey(monkeypatch, "--key-in-use")[0] == 0
    assert outages.standing() is None


@pytest.mark.django_db(transaction=True)
def test_a_match_that_brings_the_same_player_at_that_moment_makes_no_second_row(riot):
    person = next(p for p in riot.world.people if p.exists_at(riot.world.now_s))
    player = tracking.add_player(person.riot_id, platform=person.platform, now=timezone.now())
    tracking.track(player, now=timezone.now())
    switch = rekeying.begin(NEW_KEY)
    puuid = riot.directory("another").puuids[riot.world.people.index(person)]
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Player.objects.create(source=switch.target, puuid=puuid, platform=person.platform, ranked_games=1)
            rekeyed = pool.submit(rekey_and_hang_up, switch)
            wait_until_somebody_waits()
        assert (rekeyed.result().moved, rekeyed.result().merged) == (0, 1)
    only = Player.objects.get()
    assert (only.pk, only.puuid, only.ranked_games, only.tracked) == (player.pk, puuid, 1, True)


def rekey_and_hang_up(switch):
    try:
        return rekeying.rekey(switch, Reach.TRACKED, advance=lambda: None)
    finally:
        connection.close()
