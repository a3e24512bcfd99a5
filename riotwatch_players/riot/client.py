"""The Riot API, as far as riotwatch needs it; every call goes through the shared budget."""

import json
import math
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import quote

from riotwatch_players.riot.call import Answer, Call, Transport
from riotwatch_players.riot.errors import (
    BadRequest,
    BudgetUnavailable,
    BudgetWait,
    ForeignId,
    KeyRefused,
    NetworkTrouble,
    NotFound,
    RateLimited,
    RiotError,
    ServerTrouble,
    UnexpectedAnswer,
)
from riotwatch_players.riot.headers import read_rate_headers
from riotwatch_players.riot.limiter import Grant, Lane, Limiter, Scope, Wait
from riotwatch_players.riot.payloads import (
    Account,
    LeagueEntry,
    PlatformStatus,
    Summoner,
    WrongShape,
    active_platform_from_json,
    league_entries_from_json,
    match_from_json,
    match_ids_from_json,
)
from riotwatch_players.riot.routing import account_region, platform_host, region_of_match, region_of_platform

T = TypeVar("T")

_ERRORS_BY_STATUS: dict[int, type[RiotError]] = {400: BadRequest, 401: KeyRefused, 403: KeyRefused, 404: NotFound}
_FOREIGN_ID_WORDS = b"Exception decrypting"
_WAIT_WITHOUT_BUDGET_S = 5.0
"""After a 429 without Retry-After whose wait the budget could not compute, Redis being gone."""


class RiotClient:
    """Typed calls to Riot in one lane. Safe for many threads.

    Every call raises a subclass of RiotError when it fails, UnknownPlatform for a platform that does not exist, and
    BudgetWait when the budget asks for more than `patience_s` of waiting.
    """

    def __init__(
        self,
        api_url: str,
        key: str,
        limiter: Limiter,
        *,
        lane: Lane = Lane.TRACKED,
        patience_s: float = 2.0,
        timeout_s: float = 10.0,
        on_request: Callable[[str], None] | None = None,
    ) -> None:
        """`api_url` is a template with `{host}`; `on_request` gets the endpoint of each request really sent."""
        if timeout_s > limiter.lease_s / 2:
            raise ValueError(f"timeout_s {timeout_s:g} must be at most half of the limiter's lease {limiter.lease_s:g}")
        self._transport = Transport(api_url, key, timeout_s=timeout_s)
        self._limiter = limiter
        self._lane = lane
        self._patience_s = patience_s
        self._on_request = on_request
        self._until = math.inf

    def for_lane(self, lane: Lane, *, on_request: Callable[[str], None] | None = None) -> "RiotClient":
        """The same client in another lane, with a request counter of its own; connections are shared."""
        other = object.__new__(RiotClient)
        other.__dict__.update(self.__dict__)
        other._lane = lane
        other._on_request = on_request or self._on_request
        return other

    def within(self, seconds: float) -> "RiotClient":
        """The same client for `seconds` from now: waits and requests end by then, with BudgetWait or NetworkTrouble."""
        other = self.for_lane(self._lane)
        other._until = time.monotonic() + seconds
        return other

    def close(self) -> None:
        """Close the connections, those of all lanes."""
        self._transport.close()

    def account_by_riot_id(self, game_name: str, tag_line: str, *, platform: str) -> Account:
        """account-v1: who is `game_name#tag_line`? Any platform will do; the nearest is fastest."""
        target = Scope(account_region(platform), "account-v1.by-riot-id")
        path = _path(target, "/riot/account/v1/accounts/by-riot-id/{}/{}", game_name, tag_line)
        return self._ask(Call(target.host, target.endpoint, path), Account.from_json)

    def account_by_puuid(self, puuid: str, *, platform: str) -> Account:
        """account-v1: the Riot ID behind a puuid."""
        target = Scope(account_region(platform), "account-v1.by-puuid")
        path = _path(target, "/riot/account/v1/accounts/by-puuid/{}", puuid)
        return self._ask(Call(target.host, target.endpoint, path), Account.from_json)

    def platform_of_account(self, puuid: str, *, platform: str) -> str:
        """account-v1: the platform on which the account plays League now, in lower case; raises NotFound."""
        target = Scope(account_region(platform), "account-v1.region")
        path = _path(target, "/riot/account/v1/region/by-game/lol/by-puuid/{}", puuid)
        return self._ask(Call(target.host, target.endpoint, path), active_platform_from_json)

    def summoner_by_puuid(self, puuid: str, *, platform: str) -> Summoner:
        """summoner-v4: level and icon on `platform`."""
        target = Scope(platform_host(platform), "summoner-v4.by-puuid")
        path = _path(target, "/lol/summoner/v4/summoners/by-puuid/{}", puuid)
        return self._ask(Call(target.host, target.endpoint, path), Summoner.from_json)

    def league_entries(self, puuid: str, *, platform: str) -> list[LeagueEntry]:
        """league-v4: the ranks on `platform`, one per queue; empty when unranked."""
        target = Scope(platform_host(platform), "league-v4.entries-by-puuid")
        path = _path(target, "/lol/league/v4/entries/by-puuid/{}", puuid)
        return self._ask(Call(target.host, target.endpoint, path), league_entries_from_json)

    def match_ids(
        self,
        puuid: str,
        *,
        platform: str,
        queue: int | None = None,
        start_time_s: int | None = None,
        end_time_s: int | None = None,
        start: int = 0,
        count: int = 100,
    ) -> list[str]:
        """match-v5: ids of a player's games in the platform's region, newest first.

        Times are epoch seconds. Riot has ignored `startTime` for weeks, and listed games that are gone:
        callers check what they fetch.
        """
        wanted = {"queue": queue, "startTime": start_time_s, "endTime": end_time_s, "start": start, "count": count}
        params = {name: value for name, value in wanted.items() if value is not None}
        target = Scope(region_of_platform(platform), "match-v5.ids")
        path = _path(target, "/lol/match/v5/matches/by-puuid/{}/ids", puuid)
        return self._ask(Call(target.host, target.endpoint, path, params), match_ids_from_json)

    def match(self, match_id: str) -> dict[str, Any]:
        """match-v5: the body as Riot sent it, from the region that the id's prefix names."""
        target = Scope(region_of_match(match_id), "match-v5.match")
        path = _path(target, "/lol/match/v5/matches/{}", match_id)
        return self._ask(Call(target.host, target.endpoint, path), match_from_json)

    def platform_status(self, platform: str) -> PlatformStatus:
        """lol-status-v4: maintenances and incidents of `platform`."""
        target = Scope(platform_host(platform), "lol-status-v4.platform-data")
        return self._ask(Call(target.host, target.endpoint, "/lol/status/v4/platform-data"), PlatformStatus.from_json)

    def _ask(self, call: Call, parse: Callable[[object], T]) -> T:
        answer = self._send(call, self._grant(call))
        try:
            return parse(json.loads(answer.body))
        except WrongShape as error:
            detail = str(error)
        except (ValueError, RecursionError):
            detail = "the body is no JSON"
        raise UnexpectedAnswer(endpoint=call.endpoint, host=call.host, status=answer.status, detail=detail)

    def _grant(self, call: Call) -> Grant:
        """A grant fresh enough to send with, after waiting in place for at most the client's patience."""
        scope = Scope(call.host, call.endpoint)
        patient_until = min(time.monotonic() + self._patience_s, self._until)
        ticket = ""
        while True:
            left_s = max(0.0, patient_until - time.monotonic())
            outcome = self._limiter.acquire(scope, self._lane, patience_s=left_s, ticket=ticket)
            if isinstance(outcome, Wait):
                if outcome.seconds > left_s:
                    raise BudgetWait(endpoint=call.endpoint, host=call.host, seconds=outcome.seconds)
                time.sleep(outcome.seconds)
                ticket = outcome.ticket
            elif self._limiter.may_send(outcome):
                return outcome
            else:
                # The process slept on it: sent now, the request could outlive the lease of its slot.
                self._limiter.give_back(outcome)
                ticket = ""

    def _send(self, call: Call, grant: Grant) -> Answer:
        """The answer if it is a 200, else its error. The slot is settled in every case."""
        try:
            answer = self._transport.get(call, within_s=self._time_left(call))
        except NetworkTrouble as trouble:
            self._settle_unanswered(call, grant, sent=trouble.sent)
            raise
        except UnexpectedAnswer:
            self._settle_unanswered(call, grant, sent=True)
            raise
        self._count(call)
        wait_s = self._settle(grant, answer)
        if answer.status != 200:
            raise _error_of(call, answer, wait_s=wait_s)
        return answer

    def _time_left(self, call: Call) -> float:
        left_s = self._until - time.monotonic()
        if left_s <= 0:
            raise NetworkTrouble(endpoint=call.endpoint, host=call.host, detail="the time is used up", sent=False)
        return left_s

    def _settle_unanswered(self, call: Call, grant: Grant, *, sent: bool) -> None:
        if sent:
            self._count(call)
        # Redis being gone does not change what happened to the request; the slot then stays held for its lease.
        with suppress(BudgetUnavailable):
            if sent:
                self._limiter.fail(grant)
            else:
                self._limiter.give_back(grant)

    def _settle(self, grant: Grant, answer: Answer) -> float:
        try:
            return self._limiter.complete(grant, status=answer.status, headers=answer.headers)
        except BudgetUnavailable:
            # The answer is here and paid for; the slot stays held for its lease.
            return read_rate_headers(answer.headers).retry_after_s or _WAIT_WITHOUT_BUDGET_S

    def _count(self, call: Call) -> None:
        if self._on_request is not None:
            self._on_request(call.endpoint)


def _error_of(call: Call, answer: Answer, *, wait_s: float) -> RiotError:
    """By the status alone: only a 200 is promised a JSON body."""
    status = answer.status
    if status == 429:
        rate = read_rate_headers(answer.headers)
        return RateLimited(
            endpoint=call.endpoint, host=call.host, kind=rate.kind, retry_after_s=rate.retry_after_s, wait_s=wait_s
        )
    if status == 400 and _FOREIGN_ID_WORDS in answer.body[:500]:
        return ForeignId(endpoint=call.endpoint, host=call.host, status=status)
    error = ServerTrouble if status >= 500 else _ERRORS_BY_STATUS.get(status, UnexpectedAnswer)
    return error(endpoint=call.endpoint, host=call.host, status=status)


def _path(target: Scope, template: str, *parts: str) -> str:
    """Fill quoted parts in; raises BadRequest, at no cost, for what no path segment can be."""
    return template.format(*(_segment(target, part) for part in parts))


def _segment(target: Scope, text: str) -> str:
    """Not empty, not dots alone (they would climb to another endpoint), no half characters."""
    try:
        quoted = quote(text, safe="")
    except UnicodeEncodeError:
        quoted = ""
    if not quoted.strip("."):
        raise BadRequest(endpoint=target.endpoint, host=target.host, detail="no such id is possible; nothing was sent")
    return quoted
