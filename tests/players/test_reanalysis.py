"""Judging again: who goes first, what makes a verdict stay, and a shadow that nothing acts on."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from riotwatch_players import analysis, ingest, standings
from riotwatch_players.analysis import Urgency
from riotwatch_players.detection.cards import read_card, shipped_card
from riotwatch_players.detection.model_card import Thresholds
from riotwatch_players.models import Analysis, Participant, Player, ShadowJudgement
from riotwatch_players.models_in_use import InUse, Shadow
from tests.players.factories import NOW, id_of, several, solo_queue, source
from tests.players.model_files import brought_in, card_text

GAMES = 30
SHIPPED = shipped_card()
DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def played():
    for match in several(GAMES):
        ingest.store_match(source(), id_of(match), match, now=NOW, discover=None)


def rule(card=SHIPPED, shadow=None):
    return analysis.AnalysisRule(20, InUse(card, shadow))


def player(name="Ada"):
    return Player.objects.get(game_name=name)


def analyze(*names, by=None, now=NOW):
    analysis.analyze([player(name).pk for name in names], by or rule(), now=now)


def due(by=None, now=NOW):
    found = analysis.due_by_urgency(by or rule(), now=now)
    return {urgency: {Player.objects.get(pk=pk).game_name for pk in ids} for urgency, ids in found.items() if ids}


def test_never_analyzed_players_come_first_then_those_with_news_then_the_outdated_ones():
    analyze("Ada", "Bela", "Cleo", "Dana")
    Player.objects.filter(game_name="Ada").update(ranked_games=GAMES + analysis.NEW_GAMES)
    standings.record_rank(player("Bela"), [solo_queue()], now=NOW)
    Player.objects.exclude(game_name__in=["Ada", "Bela", "Cleo", "Dana", "Emil"]).update(paused=True)
    assert due() == {Urgency.NEVER_ANALYZED: {"Emil"}, Urgency.NEWS: {"Ada", "Bela"}}
    everything = due(now=NOW + analysis.REANALYZE_AFTER)
    assert everything == {
        Urgency.NEVER_ANALYZED: {"Emil"},
        Urgency.NEWS: {"Ada", "Bela"},
        Urgency.OUTDATED: {"Cleo", "Dana"},
    }
    assert list(everything) == sorted(everything)


@pytest.mark.parametrize(
    "other",
    [
        SHIPPED.model_copy(update={"version": "9.9.9"}),
        SHIPPED.model_copy(update={"sha256": "0" * 64}),
        SHIPPED.with_baseline(SHIPPED.baseline_table.model_copy(update={"id": "stored-20260420-00000000"})),
    ],
    ids=["another version", "the same version with another content", "another baseline"],
)
def test_another_model_or_baseline_makes_everybody_due_behind_those_with_news(other):
    analyze("Ada", "Bela")
    Player.objects.exclude(game_name__in=["Ada", "Bela"]).update(paused=True)
    assert due() == {}
    assert due(rule(other)) == {Urgency.OUTDATED: {"Ada", "Bela"}}
    analyze("Ada", "Bela", by=rule(other))
    assert due(rule(other)) == {}
    assert due() == {Urgency.OUTDATED: {"Ada", "Bela"}}


def test_an_analysis_names_version_and_hash_of_its_model():
    analyze("Ada")
    stored = Analysis.objects.get()
    assert stored.model_version == SHIPPED.version_hash
    assert stored.baseline_version == SHIPPED.baseline_table.id
    assert player().analyzed_with == f"{stored.model_version}/{stored.baseline_version}"


def reached_at(score):
    """A model whose verdicts begin at this smurf score, and never with the other one."""
    smurf = SHIPPED.smurf.model_copy(update={"thresholds": Thresholds(watch=score, likely=score, strong=100)})
    boosted = SHIPPED.boosted.model_copy(update={"thresholds": Thresholds(watch=100, likely=100, strong=100)})
    return rule(SHIPPED.model_copy(update={"smurf": smurf, "boosted": boosted}))


def test_a_verdict_is_left_only_below_seventy_percent_of_what_it_was_entered_at():
    lost = Participant.objects.filter(player=player()).order_by("started_at").values_list("pk", flat=True)[::6]
    Participant.objects.filter(pk__in=lost).update(win=False)
    analyze("Ada")
    score = player().smurf_score
    assert 5 < score < 65
    verdicts = []
    # The score stays; the threshold moves: reached, missed a little, missed by more than .7 of it, missed a little.
    for share in (0.9, 1.2, 1 / 0.69, 1.2):
        analyze("Ada", by=reached_at(score * share))
        verdicts.append(player().verdict)
    assert verdicts == ["likely_smurf", "likely_smurf", "normal", "normal"]


def test_a_shadow_judges_the_same_histories_and_nothing_acts_on_it():
    row = brought_in()
    shadow = Shadow(row.pk, read_card(card_text(), name="made"))
    analyze("Ada", "Bela", by=rule(shadow=shadow))
    assert {one.analysis.player.game_name for one in ShadowJudgement.objects.all()} == {"Ada", "Bela"}
    beside = ShadowJudgement.objects.get(analysis__player=player())
    alone = analysis_by(rule(shadow.card))
    assert (beside.model, beside.verdict) == (row, alone.verdict)
    assert (beside.smurf_score, beside.boosted_score) == (alone.smurf_score, alone.boosted_score)
    given = beside.analysis
    assert given.model_version == SHIPPED.version_hash
    assert given.smurf_score != beside.smurf_score


def analysis_by(by):
    analyze("Ada", by=by, now=NOW + DAY)
    return Analysis.objects.filter(player=player()).latest("analyzed_at")


def test_a_shadow_costs_one_statement_more_however_many_players_there_are():
    row = brought_in()
    shadow = Shadow(row.pk, read_card(card_text(), name="made"))
    analyze("Ada", by=rule(), now=NOW)  # writes their teams, which is done once
    counts = []
    for names, by in ((["Ada"], rule()), (["Ada"], rule(shadow=shadow)), (["Ada", "Bela"], rule(shadow=shadow))):
        with CaptureQueriesContext(connection) as queries:
            analysis.analyze(list(Player.objects.filter(game_name__in=names).values_list("pk", flat=True)), by, now=NOW)
        counts.append(len(queries))
    assert counts[0] < counts[1] == counts[2] <= counts[0] + 3


def test_a_players_analyses_are_erased_with_their_shadow():
    shadow = Shadow(brought_in().pk, SHIPPED)
    analyze("Ada", by=rule(shadow=shadow))
    Analysis.objects.all().delete()
    assert not ShadowJudgement.objects.exists()
