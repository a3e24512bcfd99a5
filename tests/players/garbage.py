"""Strategies for JSON that nobody meant to write."""

from typing import Any

from hypothesis import strategies as st

from tests.players.factories import TEN, body

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([0, "", "BOT", 10**400, -1])
)
json_values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


@st.composite
def damaged_bodies(draw: st.DrawFn) -> dict[str, Any]:
    """An ordinary body with garbage in some places."""
    match = body(people=TEN[:3])
    for _ in range(draw(st.integers(1, 6))):
        target: Any = draw(st.sampled_from([match["info"], *filter(dict_like, participants_of(match))]))
        target[draw(st.sampled_from(sorted(target)))] = draw(json_values)
    return match


def participants_of(match: dict[str, Any]) -> list[Any]:
    found = match["info"].get("participants")
    return found if isinstance(found, list) else []


def dict_like(value: object) -> bool:
    return isinstance(value, dict) and bool(value)
