"""What a factor says, in words. Neutral: figures and what they are compared with."""

from collections.abc import Callable, Mapping
from math import erfc, isfinite, sqrt

from riotwatch_players.detection.signal_names import EVERY_FACTOR
from riotwatch_players.detection.words import State

Row = Mapping[str, float]

SUBJECTS = {name: name.replace("_", " ") for name in EVERY_FACTOR} | {
    "kda": "KDA",
    "rank_discrepancy": "play compared with rank",
    "rank_progression": "rank history",
    "duo_dependency": "recurring teammates",
    "identity_shift": "change of habits",
    "inactivity": "breaks",
}
WHY_NOT = {State.UNKNOWN: "not known", State.NOT_ENOUGH: "not enough of it yet"}


def _win_rate(row: Row) -> str:
    return (
        f"{row['wins']:.0f} of {row['n_used']:.0f} games won ({row['value']:.0%}, 95 % interval {row['low']:.0%} to "
        f"{row['high']:.0%}), {_sd(row['z'])} matched play at {row['baseline']:.0%}"
    )


def _kda(row: Row) -> str:
    return f"kills and assists against deaths are {_sd(row['value'])} the teammates', given role and result"


def _account_level(row: Row) -> str:
    above = row["rank_above"]
    if not isfinite(above):
        return f"level {row['value']:.0f}"
    below = 1 - erfc(above / sqrt(2)) / 2
    return f"level {row['value']:.0f}; its rank is above that of {below:.0%} of accounts of such a level"


def _rank_discrepancy(row: Row) -> str:
    return f"plays {_sd(row['value'])} its teammates, given role, rank and result"


def _rank_progression(row: Row) -> str:
    unexplained = row["value"] - row["baseline"]
    climbed = f"{row['value']:+.1f} tiers over {row['games']:.0f} games"
    return f"{climbed}; {unexplained:+.2f} beyond what wins minus losses explain"


def _win_rate_trend(row: Row) -> str:
    return f"win rate differs most in {_stretch(row)}: {row['value']:+.0%} ({_chance(row['z'])})"


def _performance_trends(row: Row) -> str:
    shape = "a line describes it better" if row["line"] else "better described by that than by a line"
    return f"performance differs most in {_stretch(row)}: {row['value']:+.1f} SD ({_chance(row['z'])}); {shape}"


def _performance_consistency(row: Row) -> str:
    thrown = int(row["thrown_games"])
    runs = f"; {thrown} lost games in runs far below its own play" if thrown else ""
    return f"games differ by {row['value']:.2f} SD (usual {row['baseline']:.2f}){runs}"


def _role_performance(row: Row) -> str:
    champions = row["new_champions"]
    fresh = f"; first games on a champion {_sd(champions)} the teammates" if isfinite(champions) else ""
    return f"clearly above teammates in {row['roles_above']:.0f} of {row['roles']:.0f} roles{fresh}"


def _duo_dependency(row: Row) -> str:
    if not row["together"]:
        return "no teammate recurs"
    return (
        f"{row['together']:.0f} of {row['n_used']:.0f} games with the same teammate, who plays {_sd(row['above'])} the "
        f"account; win rate {row['gap']:+.0%} with that teammate"
    )


def _identity_shift(row: Row) -> str:
    if row["value"] < 1:
        return "champions, roles and times of day stay the same"
    changed = [name for name in ("champions", "hours", "roles") if row[name] >= 1]
    what = {"champions": "champions", "hours": "times of day", "roles": "roles"}
    return (
        f"{' and '.join(what[name] for name in changed) or 'habits'} differ in {_stretch(row)}, while results and play "
        f"differ by {row['stronger']:.1f} SD"
    )


def _inactivity(row: Row) -> str:
    return f"longest break {row['value']:.0f} days"


def _stretch(row: Row) -> str:
    return f"games {row['first']:.0f} to {row['last']:.0f}"


def _sd(value: float) -> str:
    if abs(value) < 0.05:
        return "level with"
    return f"{abs(value):.1f} SD {'below' if value < 0 else 'above'}"


def _chance(z: float) -> str:
    p = erfc(max(z, -3.0) / sqrt(2)) / 2
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".")


SENTENCES: Mapping[str, Callable[[Row], str]] = {
    "win_rate": _win_rate,
    "kda": _kda,
    "account_level": _account_level,
    "rank_discrepancy": _rank_discrepancy,
    "rank_progression": _rank_progression,
    "win_rate_trend": _win_rate_trend,
    "performance_consistency": _performance_consistency,
    "performance_trends": _performance_trends,
    "role_performance": _role_performance,
    "duo_dependency": _duo_dependency,
    "identity_shift": _identity_shift,
    "inactivity": _inactivity,
}
