"""What is known: sources, players and their ranks, matches and who took part, and the matches still to fetch.

Keys are bigints of our own. Riot's puuids stand in one replaceable column of `Player` (they die with a change of
application) and nowhere else; `Erasure` has marks of those who were erased, which nobody can read. Match ids are
natural and unique.
"""

from riotwatch_players.models.analyses import Analysis
from riotwatch_players.models.archives import Archive, ArchiveKind
from riotwatch_players.models.backlog import BacklogMatch, BacklogState
from riotwatch_players.models.bans import BanCheck, Seen
from riotwatch_players.models.budget_readings import BudgetReading
from riotwatch_players.models.champions import ChampionCount, ChampionPair, ChampionRecord, Relation
from riotwatch_players.models.detection_baselines import BaselineCount, DetectionBaseline
from riotwatch_players.models.detection_labels import DetectionLabel, LabelSource, Question, Says
from riotwatch_players.models.detection_models import DetectionModel, ModelOrigin, ModelState
from riotwatch_players.models.erasures import Erasure
from riotwatch_players.models.keys import KeyOutage, RiotKey
from riotwatch_players.models.matches import MIN_USABLE_DURATION_S, RANKED_SOLO_QUEUE, Match, MatchTeam, Participant
from riotwatch_players.models.patches import CurrentPatch, PatchSource, PlatformState
from riotwatch_players.models.players import SOLO_QUEUE, Player, PlayerQuerySet, RankSnapshot, Stage, Waiting
from riotwatch_players.models.shadow_judgements import ShadowJudgement
from riotwatch_players.models.sources import ForeignDatabase, Source

__all__ = [
    "MIN_USABLE_DURATION_S",
    "RANKED_SOLO_QUEUE",
    "SOLO_QUEUE",
    "Analysis",
    "Archive",
    "ArchiveKind",
    "BacklogMatch",
    "BacklogState",
    "BanCheck",
    "BaselineCount",
    "BudgetReading",
    "ChampionCount",
    "ChampionPair",
    "ChampionRecord",
    "CurrentPatch",
    "DetectionBaseline",
    "DetectionLabel",
    "DetectionModel",
    "Erasure",
    "ForeignDatabase",
    "KeyOutage",
    "LabelSource",
    "Match",
    "MatchTeam",
    "ModelOrigin",
    "ModelState",
    "Participant",
    "PatchSource",
    "PlatformState",
    "Player",
    "PlayerQuerySet",
    "Question",
    "RankSnapshot",
    "Relation",
    "RiotKey",
    "Says",
    "Seen",
    "ShadowJudgement",
    "Source",
    "Stage",
    "Waiting",
]
