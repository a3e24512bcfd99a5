"""Histories invented for tests: everybody plays alike but for what a test asks for."""

from typing import Any

import numpy as np

from riotwatch_players.detection.cards import shipped_card
from riotwatch_players.detection.factors import Factor
from riotwatch_players.detection.history import ROLES, History
from riotwatch_players.detection.judgement import Judgement, judge
from riotwatch_players.detection.records import read_history

HOUR_S = 3600
GOLD = [{"at": 0, "tier": "GOLD", "division": "II", "lp": 40, "wins": 60, "losses": 55}]


def record(
    games: int = 50,
    *,
    seed: int = 0,
    wins: int | None = None,
    stronger: float = 0.0,
    stronger_from: int = 0,
    **changes: Any,
) -> dict[str, Any]:
    """One history as `analyze_histories` reads it; `stronger` by so many SDs of single games from a game on."""
    rng = np.random.default_rng(seed)
    results = rng.permuted(np.arange(games) < (games // 2 if wins is None else wins))
    return {
        "id": f"invented-{seed}",
        "platform": "EUW1",
        "summoner_level": 180,
        "ranks": GOLD,
        "games": [
            _game(rng, number, won=bool(won), stronger=stronger if number >= stronger_from else 0.0)
            for number, won in enumerate(results)
        ],
        **changes,
    }


def _game(rng: np.random.Generator, number: int, *, won: bool, stronger: float) -> dict[str, Any]:
    own = int(rng.integers(2))  # two roles
    team = [_line(rng, place, won=won, stronger=stronger if place == own else 0.0) for place in range(5)]
    mates = [{"id": f"{number}-{place}", **line} for place, line in enumerate(team) if place != own]
    at = number * 5 * HOUR_S
    return {"at": at, "duration_s": 1800, "win": won, **team[own], "teammates": mates}


def _line(rng: np.random.Generator, place: int, *, won: bool, stronger: float) -> dict[str, Any]:
    level = stronger + rng.normal(0, 0.5)
    return {
        "position": ROLES[place],
        "champion_id": int(rng.integers(1, 8)),
        "kills": int(rng.poisson(5 * np.exp(0.3 * level) * (1.2 if won else 0.8))),
        "deaths": int(rng.poisson(5 * np.exp(-0.3 * level) * (0.8 if won else 1.2))),
        "assists": int(rng.poisson(6)),
        "cs": int(160 * np.exp(0.12 * level + rng.normal(0, 0.1))) if place < 4 else 30,
        "gold": int(11_000 * np.exp(0.1 * level + rng.normal(0, 0.1))),
        "damage_share": float(0.2 + 0.04 * level + rng.normal(0, 0.03)),
        "vision": int(rng.poisson(20)),
        "kill_participation": float(np.clip(0.5 + 0.05 * level + rng.normal(0, 0.1), 0, 1)),
    }


def history(games: int = 50, **wanted: Any) -> History:
    return read_history(record(games, **wanted))


def judged(*histories: History) -> list[Judgement]:
    return judge(histories, shipped_card())


def factor(judgement: Judgement, name: str) -> Factor:
    return next(one for one in judgement.factors if one.name == name)
