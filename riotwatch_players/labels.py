"""The colors of labels: attention where somebody should look, and never the color of guilt."""

from typing import Final

from riotwatch_players.detection.words import FLAGGED, Verdict
from riotwatch_players.models import BacklogState, ModelState, Seen

DASH: Final = "\N{EN DASH}"
"""In place of a figure that is not known."""

VERDICT_COLORS: Final[dict[str, str]] = {
    Verdict.NORMAL: "success",
    Verdict.WATCH: "info",
    **dict.fromkeys(FLAGGED, "warning"),
}
STATE_COLORS: Final[dict[str, str]] = {
    "tracked": "primary",
    "discovered": "info",
    "paused": "warning",
    "unavailable": "warning",
}
SEEN_COLORS: Final[dict[str, str]] = {
    Seen.RESOLVES: "success",
    Seen.MOVED: "info",
    Seen.NOT_FOUND: "warning",
    Seen.KEY_PROBLEM: "danger",
    Seen.TROUBLE: "danger",
}
MODEL_STATE_COLORS: Final[dict[str, str]] = {
    ModelState.ACTIVE: "success",
    ModelState.SHADOW: "info",
    ModelState.PREVIOUS: "primary",
}
BACKLOG_COLORS: Final[dict[str, str]] = {
    BacklogState.PENDING: "info",
    BacklogState.FETCHED: "success",
    BacklogState.GONE: "warning",
    BacklogState.BROKEN: "danger",
}


def words(value: str) -> str:
    """A stored word as people read it."""
    return value.replace("_", " ")


def by_words(colors: dict[str, str]) -> dict[str, str]:
    """The same colors, by what is shown."""
    return {words(value): color for value, color in colors.items()}


def score(value: float | None) -> str:
    """A score from 0 to 100, or a dash."""
    return DASH if value is None else f"{value:.0f}"
