"""Which path is which endpoint, and on which hosts it lives."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from riotwatch_players.simulator.hosts import ACCOUNT_REGIONS, MATCH_REGIONS, PLATFORMS


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of the API."""

    name: str
    path: re.Pattern[str]
    hosts: frozenset[str]
    regional: bool


def _endpoint(name: str, path: str, hosts: frozenset[str]) -> Endpoint:
    pattern = re.sub(r"\{\}", "([^/]+)", path)
    return Endpoint(name, re.compile(pattern), hosts, regional=hosts is not PLATFORMS)


ENDPOINTS: Final = (
    _endpoint("match-v5.match", r"/lol/match/v5/matches/{}", MATCH_REGIONS),
    _endpoint("match-v5.ids", r"/lol/match/v5/matches/by-puuid/{}/ids", MATCH_REGIONS),
    _endpoint("match-v5.timeline", r"/lol/match/v5/matches/{}/timeline", MATCH_REGIONS),
    _endpoint("account-v1.by-riot-id", r"/riot/account/v1/accounts/by-riot-id/{}/{}", ACCOUNT_REGIONS),
    _endpoint("account-v1.by-puuid", r"/riot/account/v1/accounts/by-puuid/{}", ACCOUNT_REGIONS),
    _endpoint("account-v1.region", r"/riot/account/v1/region/by-game/{}/by-puuid/{}", ACCOUNT_REGIONS),
    _endpoint("summoner-v4.by-puuid", r"/lol/summoner/v4/summoners/by-puuid/{}", PLATFORMS),
    _endpoint("league-v4.entries-by-puuid", r"/lol/league/v4/entries/by-puuid/{}", PLATFORMS),
    _endpoint("lol-status-v4.platform-data", r"/lol/status/v4/platform-data", PLATFORMS),
)


def find_endpoint(path: str) -> tuple[Endpoint, Sequence[str]] | None:
    """The endpoint of a path behind its host, with the path's variable parts decoded."""
    for endpoint in ENDPOINTS:
        found = endpoint.path.fullmatch(path)
        if found:
            return endpoint, [unquote(part) for part in found.groups()]
    return None
