"""The one source of chance: generators that give the same draws for the same seed."""

from random import Random


def generator(seed: str | int) -> Random:
    """A generator of its own for that seed; nothing here is a secret."""
    return Random(seed)  # noqa: S311
