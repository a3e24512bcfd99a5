"""Who is due for analysis, and analyzing them: read histories in one query, judge, store.

Set-based over many players; what is judged how is `detection`'s matter.
"""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum

from django.db import connection, transaction
from django.db.models import Case, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Concat, Trim

from riotwatch_messages import telling
from riotwatch_messages.events import ACCOUNT_FLAGGED
from riotwatch_players.detection.cards import shipped_card
from riotwatch_players.detection.history import History
from riotwatch_players.detection.judgement import Judgement, judge
from riotwatch_players.detection.model_card import ModelCard
from riotwatch_players.detection.words import FLAGGED, Verdict
from riotwatch_players.models import SOLO_QUEUE, Analysis, Player, PlayerQuerySet, RankSnapshot, ShadowJudgement
from riotwatch_players.models_in_use import InUse, Shadow, in_use
from riotwatch_players.news import about
from riotwatch_players.reading import histories_of

NEW_GAMES = 5
"""So many new ranked games make a player due again."""
REANALYZE_AFTER = timedelta(days=14)
MOST_PLAYERS_AT_ONCE = 500
"""Reading and judging them with 100 games each takes some 40 MB at its peak."""

# In the order in which ingest locks players.
_LOCK_PLAYERS = """
SELECT id, verdict FROM players WHERE id = ANY(%(players)s) ORDER BY puuid COLLATE "C" FOR NO KEY UPDATE
"""

_UPDATE_PLAYERS = """
UPDATE players
SET analyzed_at = %(now)s, analyzed_with = %(analyzed_with)s, verdict = fresh.verdict,
    smurf_score = fresh.smurf_score, boosted_score = fresh.boosted_score, analyzed_games = fresh.analyzed_games,
    analyzed_standing = fresh.analyzed_standing
FROM json_to_recordset(%(rows)s::json) AS fresh (
    id bigint, verdict text, smurf_score float8, boosted_score float8, analyzed_games int, analyzed_standing text)
WHERE players.id = fresh.id
"""


@dataclass(frozen=True)
class AnalysisRule:
    """Whom to analyze, and with what."""

    min_ranked_games: int = 20
    """Usable ranked games below which a player is not looked at."""
    models: InUse = field(default_factory=lambda: InUse(shipped_card()))

    @property
    def card(self) -> ModelCard:
        """The model whose verdicts are given."""
        return self.models.card


def current_rule(min_ranked_games: int = AnalysisRule.min_ranked_games, *, expected_versions: str = "") -> AnalysisRule:
    """With the models in use now (see `in_use`); raises UnusableModel."""
    return AnalysisRule(min_ranked_games, in_use(expected=expected_versions))


@dataclass(frozen=True)
class Analyzed:
    """What became of a batch."""

    analyzed: int = 0
    flagged: int = 0
    """Verdicts that recommend a look."""
    insufficient: int = 0
    newly_flagged: tuple[tuple[int, str], ...] = ()
    """Our id and the verdict of those who were not flagged before."""


class Urgency(IntEnum):
    """Why a player is due; lower is sooner, so that a new model's long queue lets those with news go first."""

    NEVER_ANALYZED = 0
    NEWS = 1
    """NEW_GAMES games, or another tier or division."""
    OUTDATED = 2
    """Another model or baseline, or REANALYZE_AFTER has passed."""


def due_players(rule: AnalysisRule, *, now: datetime) -> PlayerQuerySet:
    """Active players with enough games who were never analyzed, or about whom something is new (see Urgency)."""
    return _analyzable(rule).alias(urgency=_urgency(rule, now=now)).filter(urgency__isnull=False)


def due_by_urgency(rule: AnalysisRule, *, now: datetime) -> dict[Urgency, list[int]]:
    """The ids of due players, most urgent first."""
    due = _analyzable(rule).annotate(urgency=_urgency(rule, now=now)).filter(urgency__isnull=False)
    found: dict[Urgency, list[int]] = {urgency: [] for urgency in Urgency}
    for urgency, pk in due.order_by("pk").values_list("urgency", "pk"):
        found[Urgency(urgency)].append(pk)
    return found


def _analyzable(rule: AnalysisRule) -> PlayerQuerySet:
    """Those with enough games, with their current `standing`."""
    solo = RankSnapshot.objects.filter(player=OuterRef("pk"), queue=SOLO_QUEUE).order_by("-seen_at")
    standing = Trim(Concat(F("tier"), Value(" "), Coalesce(F("division"), Value(""))))
    players = Player.objects.active().filter(ranked_games__gte=rule.min_ranked_games)
    return players.alias(standing=Subquery(solo.annotate(text=standing).values("text")[:1]))


def _urgency(rule: AnalysisRule, *, now: datetime) -> Case:
    """Null for who is not due; needs `standing`."""
    new_games = Q(ranked_games__gte=F("analyzed_games") + NEW_GAMES)
    new_standing = Q(standing__isnull=False) & ~Q(standing=F("analyzed_standing"))
    outdated = ~Q(analyzed_with=rule.models.versions) | Q(analyzed_at__lte=now - REANALYZE_AFTER)
    return Case(
        When(analyzed_at=None, then=Urgency.NEVER_ANALYZED),
        When(new_games | new_standing, then=Urgency.NEWS),
        When(outdated, then=Urgency.OUTDATED),
    )


def analyze(player_ids: Sequence[int], rule: AnalysisRule, *, now: datetime) -> Analyzed:
    """Judge these players, as far as they are active, and store an analysis of each.

    Raises ValueError beyond MOST_PLAYERS_AT_ONCE.
    """
    if len(player_ids) > MOST_PLAYERS_AT_ONCE:
        raise ValueError(f"{len(player_ids)} players at once; at most {MOST_PLAYERS_AT_ONCE}")
    players = list(Player.objects.active().filter(pk__in=player_ids).order_by("pk"))
    ranks = _ranks(players)
    histories = histories_of(players, ranks)
    judgements = judge(histories, rule.card)
    shadow = _shadow_judgements(histories, rule.models.shadow)
    _store(players, judgements, ranks, shadow=shadow, rule=rule, now=now)
    flags = [(player, one.verdict) for player, one in zip(players, judgements, strict=True) if one.verdict in FLAGGED]
    return Analyzed(
        analyzed=len(players),
        flagged=len(flags),
        insufficient=sum(one.verdict is Verdict.INSUFFICIENT_DATA for one in judgements),
        newly_flagged=tuple((player.pk, verdict.value) for player, verdict in flags if player.verdict not in FLAGGED),
    )


def _shadow_judgements(histories: Sequence[History], shadow: Shadow | None) -> list[ShadowJudgement]:
    """What the shadow model says of the same histories, in the same order, still without their analyses."""
    if shadow is None:
        return []
    return [
        ShadowJudgement(
            model_id=shadow.model_id,
            verdict=one.verdict.value,
            smurf_score=one.smurf_score,
            boosted_score=one.boosted_score,
        )
        for one in judge(histories, shadow.card)
    ]


def _ranks(players: Sequence[Player]) -> dict[int, list[RankSnapshot]]:
    """Solo standings by player, oldest first."""
    found: dict[int, list[RankSnapshot]] = {player.pk: [] for player in players}
    for rank in RankSnapshot.objects.filter(player__in=found, queue=SOLO_QUEUE).order_by("seen_at"):
        found[rank.player_id].append(rank)
    return found


def _store(
    players: Sequence[Player],
    judgements: Sequence[Judgement],
    ranks: dict[int, list[RankSnapshot]],
    *,
    shadow: Sequence[ShadowJudgement],
    rule: AnalysisRule,
    now: datetime,
) -> None:
    pairs = list(zip(players, judgements, strict=True))
    rows = [
        {
            "id": player.pk,
            "verdict": one.verdict.value,
            "smurf_score": one.smurf_score,
            "boosted_score": one.boosted_score,
            "analyzed_games": player.ranked_games,
            "analyzed_standing": _standing(ranks[player.pk]),
        }
        for player, one in pairs
    ]
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LOCK_PLAYERS, {"players": [player.pk for player in players]})
            verdicts_before = dict(cursor.fetchall())
            cursor.execute(
                _UPDATE_PLAYERS, {"rows": json.dumps(rows), "now": now, "analyzed_with": rule.models.versions}
            )
        _create(pairs, shadow, there=set(verdicts_before), now=now)
        _tell_of_flagged(pairs, verdicts_before)


def _create(
    pairs: Sequence[tuple[Player, Judgement]], shadow: Sequence[ShadowJudgement], *, there: set[int], now: datetime
) -> None:
    """The analyses of those who are `there` still, and what the shadow says beside each."""
    kept = [(player.pk in there) for player, _ in pairs]
    own = [_analysis(player, one, now=now) for player, one in itertools.compress(pairs, kept)]
    beside = list(itertools.compress(shadow, kept))
    for analysis, other in zip(Analysis.objects.bulk_create(own), beside, strict=bool(beside)):
        other.analysis = analysis
    ShadowJudgement.objects.bulk_create(beside)


def _tell_of_flagged(pairs: Sequence[tuple[Player, Judgement]], verdicts_before: dict[int, str]) -> None:
    """Who is flagged now and was not before, as the locked rows said; nobody whose row is gone."""
    telling.tell(
        ACCOUNT_FLAGGED,
        [
            about(player, _in_short(one))
            for player, one in pairs
            if one.verdict in FLAGGED and verdicts_before.get(player.pk, one.verdict) not in FLAGGED
        ],
    )


def _in_short(judgement: Judgement) -> str:
    """The verdict with what speaks for and against it; what is unknown stands on the player's page."""
    return f"{judgement.verdict.value.replace('_', ' ')}. {judgement.summary.partition('; unknown:')[0].rstrip('.')}."


def _standing(ranks: Sequence[RankSnapshot]) -> str:
    return f"{ranks[-1].tier} {ranks[-1].division or ''}".strip() if ranks else ""


def _analysis(player: Player, judgement: Judgement, *, now: datetime) -> Analysis:
    names = (
        *("games_used", "smurf_score", "boosted_score", "smurf_p", "boosted_p", "confidence", "summary"),
        *("model_version", "baseline_version"),
    )
    return Analysis(
        player=player,
        analyzed_at=now,
        verdict=judgement.verdict.value,
        factors=[factor._asdict() for factor in judgement.factors],
        **{name: getattr(judgement, name) for name in names},
    )
