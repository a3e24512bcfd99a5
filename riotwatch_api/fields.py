"""Types of fields that many endpoints take."""

from typing import Annotated

import pydantic

Text = Annotated[str, pydantic.StringConstraints(pattern=r"^[^\x00]*$")]
"""The database stores no NUL."""

RowId = Annotated[int, pydantic.Field(ge=1, le=2**63 - 1)]


class Wanted(pydantic.BaseModel):
    """A request's body: unknown fields are refused, so that a typo is noticed."""

    model_config = pydantic.ConfigDict(extra="forbid")
