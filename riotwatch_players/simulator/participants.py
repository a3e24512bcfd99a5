"""One participant of a match body, out of the draft."""

from typing import Final

from riotwatch_players.simulator.champions import ITEMS, NAMES, ROLES, TRINKETS
from riotwatch_players.simulator.chance import generator
from riotwatch_players.simulator.draft import PAIR_SIZE, TEAM_SIZE, Draft
from riotwatch_players.simulator.ids import Directory
from riotwatch_players.simulator.matches import Outcome
from riotwatch_players.simulator.people import Person
from riotwatch_players.simulator.queues import ARENA
from riotwatch_players.simulator.scoreboard import Stats
from riotwatch_players.simulator.template import NO_ARENA, OF_NO_ROLE, OF_ROLE, members, of_arena, participant

Values = dict[str, object]

_EXPERIENCE_PER_LEVEL: Final = 1_080
_GOLD_PER_ITEM: Final = 2_700
_ARENA_AUGMENTS: Final = 259
_BOOL: Final = {True: "true", False: "false"}
_SLOTS: Final = 6
_ITEM_SLOTS: Final = tuple(f"item{slot}" for slot in range(_SLOTS + 1))


class Writer:
    """Writes the participants of one match as JSON."""

    def __init__(self, draft: Draft, directory: Directory) -> None:
        """The ids are those of the directory's application."""
        self._draft = draft
        self._directory = directory
        self._rng = generator(draft.match.seed ^ 0x5EED)
        self._half = len(draft.stats) // 2
        self._minutes = draft.match.duration_s / 60
        sides = draft.stats[: self._half], draft.stats[self._half :]
        self._team_damage = [sum(stats.damage for stats in side) for side in sides]
        self._team_taken = [sum(stats.taken for stats in side) for side in sides]
        self._team_turrets = [sum(stats.turrets for stats in side) for side in sides]
        self._first_tower = max(range(len(draft.stats)), key=lambda place: draft.stats[place].turrets)
        self._shared: Values = {
            "of_match": members(_match_members(draft)),
            "of_match_challenges": members(_match_challenges(draft)),
        }

    def participants(self) -> bytes:
        """All participants, comma-separated."""
        return b",".join(participant(self._values(place)) for place in range(len(self._draft.stats)))

    def _values(self, place: int) -> Values:
        stats = self._draft.stats[place]
        values = dict(self._shared)
        values.update(self._identity(place))
        values.update(self._role(place))
        values.update(self._result(place))
        values.update(_fight(stats))
        values.update(self._damage(stats))
        values.update(self._income(stats, place))
        values.update(self._challenges(stats, place))
        return values

    def _identity(self, place: int) -> Values:
        match = self._draft.match
        person: Person = match.lineup[place]
        champion = self._draft.stats[place].champion_id
        return {
            "participantId": place + 1,
            "puuid": f'"{self._directory.puuids[person.index]}"',
            "summonerId": f'"{self._directory.summoner_ids[person.index]}"',
            "riotIdGameName": f'"{person.name_at(match.creation_ms / 1000)}"',
            "riotIdTagline": f'"{person.tag_line}"',
            "summonerLevel": match.levels[place],
            "profileIcon": person.icon,
            "championId": champion,
            "championName": f'"{NAMES[champion]}"',
        }

    def _role(self, place: int) -> Values:
        role = self._draft.players[place].role
        build = role or ROLES[place % len(ROLES)]
        items = self._items(build, gold=self._draft.stats[place].gold)
        return {
            "of_role": OF_ROLE[role] if role else OF_NO_ROLE[build],
            "of_arena": self._arena(place),
            **dict(zip(_ITEM_SLOTS, items, strict=True)),
        }

    def _items(self, build: str, *, gold: int) -> list[int]:
        bought = min(_SLOTS, gold // _GOLD_PER_ITEM)
        shop = ITEMS[build]
        first = int(self._rng.random() * len(shop))
        items = [shop[(first + slot) % len(shop)] for slot in range(bought)]
        return [*items, *[0] * (_SLOTS - bought), TRINKETS[first % len(TRINKETS)]]

    def _arena(self, place: int) -> str:
        if self._draft.match.queue is not ARENA:
            return NO_ARENA
        subteam = place // PAIR_SIZE
        augments = [self._rng.randint(1, _ARENA_AUGMENTS) for _ in range(4)]
        return of_arena(placement=self._draft.placements[subteam], subteam=subteam + 1, augments=augments)

    def _result(self, place: int) -> Values:
        draft, remake = self._draft, self._draft.match.outcome is Outcome.REMAKE
        won, stats = draft.players[place].won, draft.stats[place]
        neighbor = draft.first_blood - draft.first_blood % TEAM_SIZE + (draft.first_blood + 1) % TEAM_SIZE
        return {
            "teamId": 100 if place < self._half else 200,
            "win": _BOOL[won],
            "teamEarlySurrendered": _BOOL[remake and not won],
            "eligibleForProgression": _BOOL[won or not remake],
            "firstBloodKill": _BOOL[place == draft.first_blood],
            "firstBloodAssist": _BOOL[draft.first_blood >= 0 and place == neighbor and stats.assists > 0],
            "firstTowerKill": _BOOL[self._first_tower == place and stats.turrets > 0],
            "longestTimeSpentLiving": draft.match.duration_s // (stats.deaths + 1),
        }

    def _damage(self, stats: Stats) -> Values:
        rest = stats.minions * 420 + stats.jungle * 900
        turret = stats.turrets * 1_900
        return {
            "physicalDamageDealtToChampions": stats.physical,
            "magicDamageDealtToChampions": stats.magic,
            "trueDamageDealtToChampions": stats.true,
            "totalDamageDealtToChampions": stats.damage,
            "physicalDamageDealt": stats.physical + rest,
            "magicDamageDealt": stats.magic,
            "trueDamageDealt": stats.true,
            "totalDamageDealt": stats.damage + rest,
            "physicalDamageTaken": stats.taken - stats.taken // 3 - stats.taken // 20,
            "magicDamageTaken": stats.taken // 3,
            "trueDamageTaken": stats.taken // 20,
            "totalDamageTaken": stats.taken,
            "damageSelfMitigated": round(stats.taken * self._rng.uniform(0.4, 1.2)),
            "damageDealtToTurrets": turret,
            "damageDealtToBuildings": turret,
            "damageDealtToObjectives": turret + (stats.dragons + stats.barons) * 5_000,
            "totalHeal": stats.healed,
            "timeCCingOthers": round(self._draft.match.duration_s * self._rng.uniform(0.005, 0.03)),
            "totalTimeCCDealt": round(self._draft.match.duration_s * self._rng.uniform(0.05, 0.3)),
        }

    def _income(self, stats: Stats, place: int) -> Values:
        lost = self._team_turrets[place < self._half]
        return {
            "goldEarned": stats.gold,
            "goldSpent": round(stats.gold * 0.95),
            "champLevel": stats.level,
            "champExperience": stats.level * _EXPERIENCE_PER_LEVEL,
            "totalMinionsKilled": stats.minions,
            "neutralMinionsKilled": stats.jungle,
            "totalAllyJungleMinionsKilled": stats.jungle - stats.jungle // 8,
            "totalEnemyJungleMinionsKilled": stats.jungle // 8,
            "dragonKills": stats.dragons,
            "baronKills": stats.barons,
            "turretKills": stats.turrets,
            "turretTakedowns": stats.turrets,
            "turretsLost": lost,
            "visionScore": stats.vision,
            "wardsPlaced": stats.wards_placed,
            "wardsKilled": stats.wards_killed,
            "detectorWardsPlaced": stats.control_wards,
            "visionWardsBoughtInGame": stats.control_wards,
        }

    def _challenges(self, stats: Stats, place: int) -> Values:
        minutes, red = self._minutes, place >= self._half
        across = self._draft.stats[(place + self._half) % len(self._draft.stats)]
        team_kills = self._team_kills(place)
        takedowns = stats.kills + stats.assists
        first_ten = min(10.0, minutes) / minutes
        return {
            "c_bountyGold": stats.spree * 50,
            "c_controlWardsPlaced": stats.control_wards,
            "c_damagePerMinute": stats.damage / minutes,
            "c_damageTakenOnTeamPercentage": stats.taken / max(1, self._team_taken[red]),
            "c_deathsByEnemyChamps": stats.deaths,
            "c_dragonTakedowns": stats.dragons,
            "c_enemyJungleMonsterKills": stats.jungle // 8,
            "c_goldPerMinute": stats.gold / minutes,
            "c_jungleCsBefore10Minutes": round(stats.jungle * first_ten),
            "c_kda": takedowns / max(1, stats.deaths),
            "c_killParticipation": takedowns / max(1, team_kills),
            "c_laneMinionsFirst10Minutes": round(stats.minions * first_ten * 0.9),
            "c_laningPhaseGoldExpAdvantage": int(stats.gold > across.gold * 1.1),
            "c_maxCsAdvantageOnLaneOpponent": max(0, stats.minions + stats.jungle - across.minions - across.jungle),
            "c_multikills": int(stats.multi_kill > 1),
            "c_soloKills": stats.solo_kills,
            "c_stealthWardsPlaced": max(0, stats.wards_placed - stats.control_wards),
            "c_takedowns": takedowns,
            "c_teamDamagePercentage": stats.damage / max(1, self._team_damage[red]),
            "c_turretTakedowns": stats.turrets,
            "c_visionScoreAdvantageLaneOpponent": stats.vision / max(1, across.vision) - 1,
            "c_visionScorePerMinute": stats.vision / minutes,
            "c_wardTakedowns": stats.wards_killed,
        }

    def _team_kills(self, place: int) -> int:
        if self._draft.match.queue is not ARENA:
            return self._draft.team_kills[place >= self._half]
        first = place - place % PAIR_SIZE
        return sum(stats.kills for stats in self._draft.stats[first : first + PAIR_SIZE])


def _fight(stats: Stats) -> Values:
    multi = stats.multi_kill
    return {
        "kills": stats.kills,
        "deaths": stats.deaths,
        "assists": stats.assists,
        "doubleKills": int(multi == 2),
        "tripleKills": int(multi == 3),
        "quadraKills": int(multi == 4),
        "pentaKills": int(multi >= 5),
        "largestMultiKill": min(multi, 5),
        "killingSprees": int(stats.spree > 2),
        "largestKillingSpree": stats.spree if stats.spree > 1 else 0,
        "totalTimeSpentDead": stats.dead_s,
    }


def _match_members(draft: Draft) -> Values:
    """What all participants share."""
    minutes = draft.match.duration_s / 60
    return {
        "timePlayed": draft.match.duration_s,
        "gameEndedInEarlySurrender": draft.match.outcome is Outcome.REMAKE,
        "gameEndedInSurrender": draft.surrendered,
        "itemsPurchased": round(minutes * 0.8),
        "consumablesPurchased": round(minutes * 0.2),
        "spell1Casts": round(minutes * 6),
        "spell2Casts": round(minutes * 4),
        "spell3Casts": round(minutes * 3),
        "spell4Casts": round(minutes * 0.6),
        "summoner1Casts": round(minutes / 6),
        "summoner2Casts": round(minutes / 5),
    }


def _match_challenges(draft: Draft) -> Values:
    minutes = draft.match.duration_s / 60
    return {
        "abilityUses": round(minutes * 13.6),
        "effectiveHealAndShielding": 0,
        "gameLength": draft.match.duration_s + 0.5,
        "skillshotsDodged": round(minutes * 1.6),
        "skillshotsHit": round(minutes * 2.2),
    }
