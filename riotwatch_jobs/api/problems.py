"""What the job framework refuses, as problems."""

from riotwatch_api.application import Translation
from riotwatch_api.problems import FieldError, Problem, bad_field
from riotwatch_jobs.base import UnknownPlayers
from riotwatch_jobs.dispatch import BadConfig
from riotwatch_jobs.registry import UnknownJob
from riotwatch_jobs.slots import BadSchedule
from riotwatch_jobs.switching import BadInput, Refused


def _of_bad_config(error: BadConfig) -> Problem:
    """The texts are `setting: what is wrong`."""
    named = [text.partition(": ") for text in error.problems]
    return Problem(
        "bad-input", str(error), errors=[FieldError(field=f"config.{name}", message=text) for name, _, text in named]
    )


TRANSLATION: Translation = {
    UnknownJob: lambda error: Problem("not-found", str(error)),
    UnknownPlayers: lambda error: bad_field("players", str(error)),
    BadConfig: _of_bad_config,
    BadSchedule: lambda error: bad_field("schedule", str(error)),
    BadInput: lambda error: Problem("bad-input", str(error)),
    Refused: lambda error: Problem("conflict", str(error)),
}
