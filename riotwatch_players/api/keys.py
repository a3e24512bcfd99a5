"""The Riot key and what is used of its budget."""

from datetime import datetime

import pydantic
from django.http import HttpRequest
from ninja import Router, Schema

from riotwatch_api.access import allow
from riotwatch_api.application import needs
from riotwatch_api.fields import Wanted
from riotwatch_api.models import Role
from riotwatch_api.problems import bad_field
from riotwatch_players import gateway, keys, outages
from riotwatch_players.audit import audit
from riotwatch_players.models import KeyOutage
from riotwatch_players.riot.errors import KeyRefused
from riotwatch_players.riot.limiter import ScopeUsage

router = Router(tags=["Key and budget"])


class WindowOut(Schema):
    """One limit, and how much of it is taken now."""

    limit: int
    window_s: int
    used: int


class BudgetOut(Schema):
    """The limits of a host, or of one method on it."""

    host: str = pydantic.Field(examples=["europe"])
    endpoint: str | None = pydantic.Field(description="null: the application's limits on the host.")
    windows: list[WindowOut]
    blocked_s: float = pydantic.Field(description="Nothing is granted for so long; 0: open.")


class OutageOut(Schema):
    """Riot does not accept the key."""

    kind: str = pydantic.Field(examples=["refused"])
    since: datetime
    remedy: str


class QuotaOut(Schema):
    """The key and its budget, which all processes share."""

    key: str = pydantic.Field(description="Its last characters; empty: there is none.", examples=["…a1b2"])
    outage: OutageOut | None
    budgets: list[BudgetOut] = pydantic.Field(description="Of hosts that were asked lately.")


class KeyIn(Wanted):
    """The whole key, as developer.riotgames.com shows it."""

    key: pydantic.SecretStr = pydantic.Field(max_length=keys.KEY_MAX, examples=["RGAPI-…"])


class KeyOut(Schema):
    """The key that is used now."""

    key: str = pydantic.Field(description="Its last characters.", examples=["…a1b2"])
    stored_at: datetime


@router.get("/quota", response=QuotaOut, summary="Show the budget", openapi_extra=needs(Role.VIEWER))
def show_quota(request: HttpRequest) -> QuotaOut:
    """How much of each limit is used at this moment, by whatever process; Riot is not asked."""
    allow(request, Role.VIEWER)
    key = gateway.key_in_use()
    outage = outages.known()
    budgets = [_budget_out(row) for row in gateway.limiter().usage()]
    return QuotaOut(key=str(key) if key.text else "", outage=_outage_out(outage), budgets=budgets)


def _budget_out(row: ScopeUsage) -> BudgetOut:
    windows = [WindowOut(limit=one.limit, window_s=one.window_s, used=one.used) for one in row.windows]
    return BudgetOut(host=row.host, endpoint=row.endpoint, windows=windows, blocked_s=row.blocked_s)


def _outage_out(outage: KeyOutage | None) -> OutageOut | None:
    if outage is None or outage.since is None:
        return None
    return OutageOut(kind=outage.kind, since=outage.since, remedy=outages.remedy(outage))


@router.put("/riot-key", response=KeyOut, summary="Set the Riot key", openapi_extra=needs(Role.ADMIN))
def set_riot_key(request: HttpRequest, wanted: KeyIn) -> KeyOut:
    """Riot is asked whether it works; then it is stored encrypted, and all processes use it within seconds.

    An outage ends with it. 422 where it is no key or Riot refuses it; nothing has changed then.
    """
    caller = allow(request, Role.ADMIN)
    try:
        stored = outages.replace_key(wanted.key.get_secret_value())
    except KeyRefused as refusal:
        raise bad_field("key", f"Riot refuses this key, nothing was stored: {refusal}") from None
    audit(request, stored, f"stored, by {caller.name}")
    stored.refresh_from_db()
    return KeyOut(key=str(stored), stored_at=stored.noted_at)
