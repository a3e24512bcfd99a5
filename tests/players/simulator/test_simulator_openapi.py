import json
import os
from pathlib import Path

import jsonschema
import pytest

DESCRIPTION = Path(
    os.environ.get("RIOTWATCH_OPENAPI", Path(__file__).parents[4] / "shared/data/riot/openapi-3.0.0.json")
)
pytestmark = pytest.mark.skipif(not DESCRIPTION.exists(), reason="no OpenAPI description (RIOTWATCH_OPENAPI)")


@pytest.fixture(scope="module")
def description():
    return json.loads(DESCRIPTION.read_text())


def _validate(description, path, value):
    content = description["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    schema = {"allOf": [content["schema"]], "components": description["components"]}
    jsonschema.Draft4Validator(schema).validate(value)


def test_account_answers_are_as_described(riot, description, busy):
    name, tag = busy.riot_id.split("#")
    account = riot.get("europe", f"/riot/account/v1/accounts/by-riot-id/{name}/{tag}").json()
    _validate(description, "/riot/account/v1/accounts/by-riot-id/{gameName}/{tagLine}", account)
    puuid = account["puuid"]
    by_puuid = riot.get("europe", f"/riot/account/v1/accounts/by-puuid/{puuid}").json()
    _validate(description, "/riot/account/v1/accounts/by-puuid/{puuid}", by_puuid)
    region = riot.get("europe", f"/riot/account/v1/region/by-game/lol/by-puuid/{puuid}").json()
    _validate(description, "/riot/account/v1/region/by-game/{game}/by-puuid/{puuid}", region)


def test_platform_answers_are_as_described(riot, description, busy):
    puuid = riot.puuid(busy.riot_id)
    summoner = riot.get("euw1", f"/lol/summoner/v4/summoners/by-puuid/{puuid}").json()
    _validate(description, "/lol/summoner/v4/summoners/by-puuid/{encryptedPUUID}", summoner)
    entries = riot.get("euw1", f"/lol/league/v4/entries/by-puuid/{puuid}").json()
    assert entries
    _validate(description, "/lol/league/v4/entries/by-puuid/{encryptedPUUID}", entries)
    status = riot.get("euw1", "/lol/status/v4/platform-data").json()
    _validate(description, "/lol/status/v4/platform-data", status)


def test_match_answers_are_as_described_for_every_queue_and_outcome(riot, description, world, busy):
    ids = riot.get("europe", f"/lol/match/v5/matches/by-puuid/{riot.puuid(busy.riot_id)}/ids").json()
    _validate(description, "/lol/match/v5/matches/by-puuid/{puuid}/ids", ids)
    kinds = {(m.queue.number, m.outcome): m for m in world.matches() if m.platform == "euw1" and m.outcome != "lost"}
    assert len(kinds) >= 6
    for match in kinds.values():
        body = riot.get("europe", f"/lol/match/v5/matches/{match.id}").json()
        _validate(description, "/lol/match/v5/matches/{matchId}", body)
