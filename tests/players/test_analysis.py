"""Who is due for analysis, and what analyzing them stores."""

from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from riotwatch_messages.models import Message
from riotwatch_players import analysis, ingest, standings
from riotwatch_players.detection.cards import shipped_card
from riotwatch_players.detection.history import GAME_FIELDS, SCORE_FIELDS, UNKNOWN_ACCOUNT
from riotwatch_players.models import Analysis, MatchTeam, Participant, Player
from riotwatch_players.models_in_use import InUse
from riotwatch_players.reading import histories_of
from tests.players.factories import NOW, TEN, body, id_of, known, puuid_of, several, solo_queue, source

RULE = analysis.AnalysisRule(min_ranked_games=20)
DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


def play(count, *, first=1):
    for match in several(count, first=first):
        ingest.store_match(source(), id_of(match), match, now=NOW, discover=None)


def player(name="Ada"):
    return Player.objects.get(puuid=puuid_of(name))


def due(now=NOW, rule=RULE):
    return set(analysis.due_players(rule, now=now).values_list("game_name", flat=True))


def test_nobody_is_due_below_the_minimum_and_everybody_at_it():
    play(19)
    assert due() == set()
    play(1, first=20)
    assert due() == set(TEN)


@pytest.mark.parametrize("why_not", [{"paused": True}, {"unavailable_at": NOW}])
def test_inactive_players_are_neither_due_nor_analyzed(why_not):
    play(20)
    Player.objects.exclude(game_name="Bela").update(**why_not)
    assert due() == {"Bela"}
    done = analysis.analyze([one.pk for one in Player.objects.all()], RULE, now=NOW)
    assert done.analyzed == Analysis.objects.count() == 1


@pytest.fixture
def analyzed():
    play(20)
    analysis.analyze([player().pk], RULE, now=NOW)
    Player.objects.exclude(game_name="Ada").update(paused=True)
    assert due() == set()
    return player()


def test_five_new_games_make_a_player_due_again_and_four_do_not(analyzed):
    play(4, first=21)
    assert due() == set()
    play(1, first=25)
    assert due() == {"Ada"}


def test_another_division_makes_a_player_due_again_and_more_points_do_not(analyzed):
    standings.record_rank(analyzed, [solo_queue("GOLD", "II", 10)], now=NOW)
    assert due() == {"Ada"}  # the rank was unknown before
    analysis.analyze([analyzed.pk], RULE, now=NOW)
    standings.record_rank(analyzed, [solo_queue("GOLD", "II", 60, wins=63)], now=NOW + DAY)
    assert due() == set()
    standings.record_rank(analyzed, [solo_queue("GOLD", "I", 1, wins=66)], now=NOW + 2 * DAY)
    assert due() == {"Ada"}


def test_another_model_makes_everybody_due_again(analyzed):
    newer = analysis.AnalysisRule(20, InUse(shipped_card().model_copy(update={"version": "9.9.9"})))
    assert due(rule=newer) == {"Ada"}


def test_after_fourteen_days_a_player_is_due_again(analyzed):
    assert due(NOW + 14 * DAY - timedelta(minutes=1)) == set()
    assert due(NOW + 14 * DAY) == {"Ada"}


def test_the_teammates_of_each_game_are_who_a_player_is_compared_with():
    """Everybody plays alike in these games, so nobody stands out."""
    play(30)
    analysis.analyze([player().pk], RULE, now=NOW)
    factors = {factor["name"]: factor for factor in Analysis.objects.get().factors}
    assert factors["rank_discrepancy"]["n_used"] == 30
    assert abs(factors["rank_discrepancy"]["value"]) < 1
    Participant.objects.filter(player=player()).update(kills=15, deaths=1, cs=300, gold=18_000, damage_share=0.4)
    MatchTeam.objects.all().delete()
    analysis.analyze([player().pk], RULE, now=NOW)
    newest = Analysis.objects.order_by("-id")[0].factors
    assert next(one for one in newest if one["name"] == "rank_discrepancy")["value"] > 1


def test_games_are_read_as_they_were_stored_the_first_time_and_later():
    play(3)
    bela = player("Bela")
    Participant.objects.filter(player=player("Cleo")).update(gold=None)
    Participant.objects.filter(player=player("Dana")).update(team_id=None)
    first, again = (histories_of([bela], {bela.pk: []})[0] for _ in range(2))
    assert first.games.shape == (3, 13)
    own = dict(zip(GAME_FIELDS, first.games[0].tolist(), strict=True))
    assert (own["position"], own["kills"], own["cs"], own["gold"], own["duration_s"]) == (1, 4, 162, 11_000, 1800)
    assert (own["win"], own["champion_id"], own["at"]) == (
        1,
        2,
        Participant.objects.earliest("pk").started_at.timestamp(),
    )
    assert set(first.accounts[0]) == {player(name).pk for name in ("Ada", "Cleo", "Emil")} | {UNKNOWN_ACCOUNT}
    cleo = first.teammates[0][first.accounts[0] == player("Cleo").pk][0]
    assert np.isnan(cleo[SCORE_FIELDS.index("gold")])
    assert cleo[SCORE_FIELDS.index("kill_participation")] == 0.5
    for name in ("games", "teammates", "accounts"):
        assert np.array_equal(getattr(first, name), getattr(again, name), equal_nan=name != "accounts")


def test_unknown_values_stay_unknown_and_one_players_gaps_change_nothing_for_others():
    play(20)
    everybody = list(Player.objects.values_list("pk", flat=True))
    analysis.analyze(everybody, RULE, now=NOW)
    before = Analysis.objects.get(player=player("Bela")).factors
    Participant.objects.filter(player=player("Gwen")).update(
        win=None, kills=None, cs=None, gold=None, damage_share=None, team_id=None, team_position="", champion_id=None
    )
    done = analysis.analyze(everybody, RULE, now=NOW + DAY)
    assert (done.analyzed, done.insufficient) == (10, 1)
    gwen = Analysis.objects.filter(player=player("Gwen")).latest("analyzed_at")
    assert (gwen.verdict, gwen.smurf_score, gwen.games_used) == ("insufficient_data", None, 0)
    assert Analysis.objects.filter(player=player("Bela")).latest("analyzed_at").factors == before


def test_only_the_newest_hundred_usable_games_count():
    play(105)
    aram = body("EUW1_7999999999", queueId=450)
    ingest.store_match(source(), id_of(aram), aram, now=NOW, discover=None)
    Participant.objects.filter(player=player()).update(win=True)
    oldest = Participant.objects.filter(player=player()).order_by("started_at")[:5]
    Participant.objects.filter(pk__in=[one.pk for one in oldest]).update(win=False)
    analysis.analyze([player().pk], RULE, now=NOW)
    stored = Analysis.objects.get()
    assert stored.games_used == 100
    assert next(one for one in stored.factors if one["name"] == "win_rate")["value"] == 1.0


def test_the_number_of_statements_does_not_depend_on_the_number_of_players():
    play(20)
    ids = list(Player.objects.values_list("pk", flat=True))
    analysis.analyze(ids, RULE, now=NOW)  # writes their teams, which is done once
    counts = []
    for part in (ids[:1], ids):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            analysis.analyze(part, RULE, now=NOW)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8


def test_flagged_players_are_found_by_their_latest_verdict():
    known("Smurf", verdict="likely_smurf")
    known("Boosted", verdict="likely_boosted")
    known("Watched", verdict="watch")
    known("Fresh")
    assert set(Player.objects.flagged().values_list("game_name", flat=True)) == {"Smurf", "Boosted"}


def test_people_are_told_of_who_was_not_flagged_before(settings):
    settings.NOTIFY_URLS = {"phone": "json://127.0.0.1:9/"}
    play(30)  # one side wins them all
    for day in range(2):
        analysis.analyze(list(Player.objects.values_list("pk", flat=True)), RULE, now=NOW + day * DAY)
    flagged = Player.objects.flagged()
    told = Message.objects.filter(event="account_flagged", target="phone")
    assert flagged
    assert sorted(told.values_list("subject", flat=True)) == sorted(f"player:{one.pk}" for one in flagged)
    one = flagged[0]
    text = told.get(subject=f"player:{one.pk}").text
    assert text.startswith(f"{one.riot_id} (euw1): {one.verdict.replace('_', ' ')}. Why: ")


def test_too_many_at_once_are_refused():
    with pytest.raises(ValueError, match="at most 500"):
        analysis.analyze(range(501), RULE, now=NOW)


def test_the_admin_shows_every_factor_and_the_player_why(admin_client, analyzed):
    stored = Analysis.objects.get()
    page = admin_client.get(reverse("admin:riotwatch_players_analysis_change", args=[stored.pk])).content.decode()
    for factor in stored.factors:
        assert escape(factor["text"]) in page
    assert "rank history: not known" in page
    assert admin_client.get(reverse("admin:riotwatch_players_analysis_changelist")).status_code == 200
    shown = admin_client.get(reverse("admin:riotwatch_players_player_change", args=[analyzed.pk])).content.decode()
    assert "Why: " in shown
