"""Who is due for analysis, and analyzing them: read histories in one query, judge, store.

Set-based over many players; what is judged how is `detection`'s matter.
"""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Concat, Trim

from riotwatch_players.detection.cards import shipped_card
from riotwatch_players.detection.judgement import Judgement, judge
from riotwatch_players.detection.model_card import ModelCard
from riotwatch_players.detection.words import FLAGGED, Verdict
from riotwatch_players.models import Analysis, Player, PlayerQuerySet, RankSnapshot
from riotwatch_players.reading import histories_of

SOLO_QUEUE = "RANKED_SOLO_5x5"
NEW_GAMES = 5
"""So many new ranked games make a player due again."""
REANALYZE_AFTER = timedelta(days=14)
MOST_PLAYERS_AT_ONCE = 500
"""Their games and their teammates', as arrays, take some 300 MB."""

# In the order in which ingest locks players.
_LOCK_PLAYERS = """
SELECT id FROM players WHERE id = ANY(%(players)s) ORDER BY puuid COLLATE "C" FOR NO KEY UPDATE
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
    card: ModelCard = field(default_factory=shipped_card)

    @property
    def versions(self) -> str:
        """What an analysis is compared by."""
        return f"{self.card.version_hash}/{self.card.baseline.version}"


@dataclass(frozen=True)
class Analyzed:
    """What became of a batch."""

    analyzed: int = 0
    flagged: int = 0
    """Verdicts that recommend a look."""
    insufficient: int = 0
    newly_flagged: tuple[tuple[int, str], ...] = ()
    """Our id and the verdict of those who were not flagged before."""


def due_players(rule: AnalysisRule, *, now: datetime) -> PlayerQuerySet:
    """Active players with enough games who were never analyzed, or about whom something is new.

    New: NEW_GAMES games, another tier or division, another model or baseline, or REANALYZE_AFTER has passed.
    """
    solo = RankSnapshot.objects.filter(player=OuterRef("pk"), queue=SOLO_QUEUE).order_by("-seen_at")
    standing = Trim(Concat(F("tier"), Value(" "), Coalesce(F("division"), Value(""))))
    players = Player.objects.active().filter(ranked_games__gte=rule.min_ranked_games)
    return players.alias(standing=Subquery(solo.annotate(text=standing).values("text")[:1])).filter(
        Q(analyzed_at=None)
        | Q(ranked_games__gte=F("analyzed_games") + NEW_GAMES)
        | (Q(standing__isnull=False) & ~Q(standing=F("analyzed_standing")))
        | ~Q(analyzed_with=rule.versions)
        | Q(analyzed_at__lte=now - REANALYZE_AFTER)
    )


def analyze(player_ids: Sequence[int], rule: AnalysisRule, *, now: datetime) -> Analyzed:
    """Judge these players, as far as they are active, and store an analysis of each.

    Raises ValueError beyond MOST_PLAYERS_AT_ONCE.
    """
    if len(player_ids) > MOST_PLAYERS_AT_ONCE:
        raise ValueError(f"{len(player_ids)} players at once; at most {MOST_PLAYERS_AT_ONCE}")
    players = list(Player.objects.active().filter(pk__in=player_ids).order_by("pk"))
    ranks = _ranks(players)
    judgements = judge(histories_of(players, ranks), rule.card)
    _store(players, judgements, ranks, rule=rule, now=now)
    flags = [(player, one.verdict) for player, one in zip(players, judgements, strict=True) if one.verdict in FLAGGED]
    return Analyzed(
        analyzed=len(players),
        flagged=len(flags),
        insufficient=sum(one.verdict is Verdict.INSUFFICIENT_DATA for one in judgements),
        newly_flagged=tuple((player.pk, verdict.value) for player, verdict in flags if player.verdict not in FLAGGED),
    )


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
            cursor.execute(_UPDATE_PLAYERS, {"rows": json.dumps(rows), "now": now, "analyzed_with": rule.versions})
        Analysis.objects.bulk_create([_analysis(player, one, now=now) for player, one in pairs])


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
        factors=[dataclasses.asdict(factor) for factor in judgement.factors],
        **{name: getattr(judgement, name) for name in names},
    )
