"""A participant's JSON with holes: what never varies is serialized once, so that a body costs little to write.

The fields are those of real bodies of 2026; most of the rarer challenges are left out, as they come and go in real
bodies too.
"""

import json
import re
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Final

from riotwatch_players.simulator.champions import FLASH, LANES, ROLES, RUNES, SPELLS


def _words(text: str) -> list[str]:
    return text.split()


_PINGS: Final = _words(
    "allInPings assistMePings basicPings commandPings dangerPings enemyMissingPings enemyVisionPings getBackPings "
    "holdPings needVisionPings onMyWayPings pushPings retreatPings visionClearedPings"
)
_ZEROS: Final = _words(
    "championTransform damageDealtToEpicMonsters inhibitorKills inhibitorTakedowns inhibitorsLost nexusKills nexusLost "
    "nexusTakedowns objectivesStolen objectivesStolenAssists roleBoundItem sightWardsBoughtInGame unrealKills "
    "totalDamageShieldedOnTeammates totalHealsOnTeammates largestCriticalStrike"
)
_ZERO_CHALLENGES: Final = _words(
    "12AssistStreakCount HealFromMapSources InfernalScalePickup SWARM_DefeatAatrox SWARM_KillEnemy SWARM_PickupGold "
    "baronTakedowns blastConeOppositeOpponentCount buffsStolen dancedWithRiftHerald doubleAces elderDragonMultikills "
    "epicMonsterSteals epicMonsterStolenWithoutSmite fistBumpParticipation flawlessAces "
    "getTakedownsInAllLanesEarlyJungleAsLaner hadOpenNexus mejaisFullStackInTime multiTurretRiftHeraldCount "
    "perfectDragonSoulsTaken poroExplosions quickCleanse riftHeraldTakedowns snowballsHit soloBaronKills "
    "takedownsInEnemyFountain teamElderDragonKills unseenRecalls voidMonsterKill"
)
_FILLED: Final = _words(
    "assists champExperience champLevel championId championName baronKills deaths "
    "detectorWardsPlaced doubleKills dragonKills firstBloodAssist firstBloodKill firstTowerKill eligibleForProgression "
    "goldEarned goldSpent item0 item1 item2 item3 item4 item5 item6 killingSprees kills largestKillingSpree "
    "largestMultiKill longestTimeSpentLiving magicDamageDealt magicDamageDealtToChampions magicDamageTaken "
    "neutralMinionsKilled participantId pentaKills physicalDamageDealt physicalDamageDealtToChampions "
    "physicalDamageTaken profileIcon puuid quadraKills riotIdGameName riotIdTagline summonerId summonerLevel "
    "teamEarlySurrendered teamId timeCCingOthers totalAllyJungleMinionsKilled totalDamageDealt "
    "totalDamageDealtToChampions totalDamageTaken totalEnemyJungleMinionsKilled totalHeal totalMinionsKilled "
    "totalTimeCCDealt totalTimeSpentDead tripleKills trueDamageDealt trueDamageDealtToChampions trueDamageTaken "
    "turretKills turretTakedowns turretsLost visionScore visionWardsBoughtInGame wardsKilled wardsPlaced win "
    "damageDealtToObjectives damageDealtToTurrets damageDealtToBuildings damageSelfMitigated"
)
_FILLED_CHALLENGES: Final = _words(
    "bountyGold controlWardsPlaced damagePerMinute damageTakenOnTeamPercentage deathsByEnemyChamps dragonTakedowns "
    "enemyJungleMonsterKills goldPerMinute jungleCsBefore10Minutes kda killParticipation laneMinionsFirst10Minutes "
    "laningPhaseGoldExpAdvantage maxCsAdvantageOnLaneOpponent multikills soloKills stealthWardsPlaced takedowns "
    "teamDamagePercentage turretTakedowns visionScoreAdvantageLaneOpponent visionScorePerMinute wardTakedowns"
)
_ARENA_FIELDS: Final = _words(
    "placement playerAugment1 playerAugment2 playerAugment3 playerAugment4 playerAugment5 playerAugment6 "
    "playerSubteamId subteamPlacement"
)


def _hole(name: str) -> str:
    return f"%({name})s"


_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


def members(fields: Mapping[str, object]) -> str:
    """The fields as JSON without the braces around, to be put among others."""
    return _encode(fields)[1:-1]


def _perks(role: str) -> dict[str, object]:
    style, primary, sub_style, secondary = RUNES[role]

    def selections(perks: Sequence[int]) -> list[dict[str, int]]:
        return [{"perk": perk, "var1": 0, "var2": 0, "var3": 0} for perk in perks]

    return {
        "statPerks": {"defense": 5011, "flex": 5008, "offense": 5005},
        "styles": [
            {"description": "primaryStyle", "selections": selections(primary), "style": style},
            {"description": "subStyle", "selections": selections(secondary), "style": sub_style},
        ],
    }


def _role(role: str, build: str) -> str:
    lane, kind = LANES.get(role, ("NONE", "SUPPORT"))
    return members(
        {
            "teamPosition": role,
            "individualPosition": role or "Invalid",
            "lane": lane,
            "role": kind,
            "summoner1Id": FLASH,
            "summoner2Id": SPELLS[build],
            "perks": _perks(build),
        }
    )


def _participant() -> str:
    fields: dict[str, object] = {
        **dict.fromkeys((*_PINGS, *_ZEROS), 0),
        **{name: _hole(name) for name in _FILLED},
        **{f"PlayerScore{number}": 0 for number in range(12)},
        "PlayerBehavior": {"PlayerBehavior_IsHeroInCombat": 0},
        "missions": {f"playerScore{number}": 0 for number in range(12)},
        "summonerName": "",
        "firstTowerAssist": False,
        "totalUnitsHealed": 1,
    }
    challenges = {**dict.fromkeys(_ZERO_CHALLENGES, 0), **{name: _hole(f"c_{name}") for name in _FILLED_CHALLENGES}}
    text = (
        f"{{{members(dict(sorted(fields.items())))},%(of_role)s,%(of_match)s,%(of_arena)s,"
        f'"challenges":{{{members(dict(sorted(challenges.items())))},%(of_match_challenges)s}}}}'
    )
    return text.replace('"%(', "%(").replace(')s"', ")s")


_HOLE: Final = re.compile(r"%\((\w+)\)s")
_TEXT: Final = _HOLE.sub("%s", _participant())
_VALUES_OF: Final = itemgetter(*_HOLE.findall(_participant()))  # by place: twice as fast as by name


def participant(values: Mapping[str, object]) -> bytes:
    """A participant with its holes filled; every value is JSON text or a number."""
    filled: str = _TEXT % _VALUES_OF(values)
    return filled.encode()


OF_ROLE: Final = {role: _role(role, role) for role in ROLES}
"""The members that follow from a role."""
OF_NO_ROLE: Final = {build: _role("", build) for build in ROLES}
"""The same where the queue has no roles, by the role whose items and runes are taken."""
NO_ARENA: Final = members(dict.fromkeys(_ARENA_FIELDS, 0))


def of_arena(*, placement: int, subteam: int, augments: Sequence[int]) -> str:
    """The members that only Arena fills."""
    known = {f"playerAugment{number}": augment for number, augment in enumerate(augments, 1)}
    places = {"placement": placement, "subteamPlacement": placement, "playerSubteamId": subteam}
    return members({**dict.fromkeys(_ARENA_FIELDS, 0), **known, **places})
