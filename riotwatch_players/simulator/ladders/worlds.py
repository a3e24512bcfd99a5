"""The assumptions a ladder is drawn under. Each world changes one of them; the last ones several."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class World:
    """Assumptions. Skill counts in tiers, Iron IV = 0."""

    name: str
    statistic_shift: float = 1.0
    """Factor on how far a stronger player's figures lie above the lobby's, given the result."""
    smurf_gap: tuple[float, float] = (1.0, 3.5)
    """How far smurfs play above where matchmaking has them when the games begin, in tiers."""
    young_smurfs: bool = True
    """Smurfs' accounts are young; otherwise their levels are anybody's."""
    fast_placement: bool = False
    """Matchmaking places new accounts as TrueSkill 2 does: by figures too, three times as fast."""
    rank_history: bool = True
    """Half of the accounts have standings from before their newest game."""
    booster_keeps_identity: bool = False
    """Whoever plays for the owner keeps to the owner's hours, champions and roles."""
    all_normal: bool = False
    """Nobody but ordinary players."""


BASE: Final = World("base")
SINGLE_ASSUMPTION: Final = (
    World("half_shift", statistic_shift=0.5),
    World("no_shift", statistic_shift=0.0),
    World("levels_matched", young_smurfs=False),
    World("fast_placement", fast_placement=True),
    World("small_gaps", smurf_gap=(0.8, 2.2)),
    World("no_history", rank_history=False),
    World("same_identity", booster_keeps_identity=True),
)
LEVELS_AND_HALF_SHIFT: Final = World("levels_and_half_shift", young_smurfs=False, statistic_shift=0.5)
PESSIMISTIC: Final = World(
    "jointly_pessimistic",
    statistic_shift=0.5,
    smurf_gap=(0.8, 2.2),
    young_smurfs=False,
    fast_placement=True,
    rank_history=False,
)
NULL: Final = World("null", all_normal=True)

WORLDS: Final = {world.name: world for world in (BASE, *SINGLE_ASSUMPTION, LEVELS_AND_HALF_SHIFT, PESSIMISTIC, NULL)}
"""By name, in the order of reports."""
