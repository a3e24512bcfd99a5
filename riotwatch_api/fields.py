"""Types of fields that many endpoints take."""

from datetime import datetime
from typing import Annotated

import pydantic

Text = Annotated[str, pydantic.StringConstraints(pattern=r"^[^\x00]*$")]
"""The database stores no NUL."""

RowId = Annotated[int, pydantic.Field(ge=1, le=2**63 - 1)]


def _written_out(value: object) -> object:
    """Pydantic would also take `0.5` for half a second after 1970."""
    if isinstance(value, datetime) or (isinstance(value, str) and value[4:5] == "-"):
        return value
    raise ValueError("write a time with its zone, like 2026-11-24T18:00:00Z")


Instant = Annotated[pydantic.AwareDatetime, pydantic.BeforeValidator(_written_out), pydantic.Strict(strict=False)]


class Wanted(pydantic.BaseModel):
    """A request's body: unknown fields and values of another type are refused, so that a typo is noticed."""

    model_config = pydantic.ConfigDict(extra="forbid", strict=True)
