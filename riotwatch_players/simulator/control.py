"""The control of a running simulator, for tests and demos: JSON under `/_control`, reached over loopback alone.

GET state                 counters, limits, keys' applications, armed faults, the world's time
GET matches               how often each match's body was given out: {"EUW1_76... demo": 1}
GET people[?application=] everybody and the truth about them; with an application also their puuids in it
GET showcase[?count=]     people a demo should track
POST faults               one fault or a list of them (see `faults`); DELETE faults disarms all
POST keys                 {"key", "application"} accepts a key; {"key", "expired": 401 or 403} refuses it
POST limits               {"application": "20:1,100:120", "methods": {"match-v5.match": "50:10"}}; windows begin anew
POST clock                {"lag_s": 0}: how far the world is behind; it never goes back
POST reset                counters to zero
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from riotwatch_players.simulator.app import App, Reply
from riotwatch_players.simulator.counters import Counters
from riotwatch_players.simulator.faults import BadFault, read_fault
from riotwatch_players.simulator.keys import REFUSALS
from riotwatch_players.simulator.limits import BadRates, parse_rates, written

PREFIX: Final = "/_control/"
_SHOWCASE: Final = 10


class BadControl(ValueError):
    """A control request that cannot be read."""


def control(app: App, method: str, path: str, *, query: Mapping[str, str], body: bytes) -> Reply:
    """Answer one control request: 200, or 400 with the reason, or 404."""
    action = _ACTIONS.get((method, path.removeprefix(PREFIX)))
    if action is None:
        return _reply(404, {"error": f"no control {method} {path}"})
    try:
        return _reply(200, action(app, query, json.loads(body or b"{}")))
    except (BadControl, BadFault, BadRates, json.JSONDecodeError) as error:
        return _reply(400, {"error": str(error)})


def _state(app: App, query: Mapping[str, str], body: object) -> object:
    now_s = app.now_s()
    world = app.world
    return {
        **app.counters.summary(),
        "armed_faults": app.faults.armed(),
        "application_limit": written(app.limits.application),
        "method_limits": {endpoint: written(rates) for endpoint, rates in app.limits.methods.items()},
        "applications": sorted(set(app.keys.applications.values())),
        "world": {
            "seed": world.seed,
            "began_at_s": world.began_at_s,
            "speed": world.speed,
            "now_s": now_s,
            "people": len(world.people),
            "matches": world.match_count(),
        },
    }


def _matches(app: App, query: Mapping[str, str], body: object) -> object:
    return dict(app.counters.bodies)


def _people(app: App, query: Mapping[str, str], body: object) -> object:
    truth = app.world.truth()
    if "application" not in query:
        return truth
    puuids = app.directory(query["application"]).puuids
    return [{**person, "puuid": puuid} for person, puuid in zip(truth, puuids, strict=True)]


def _showcase(app: App, query: Mapping[str, str], body: object) -> object:
    count = query.get("count", str(_SHOWCASE))
    if not count.isdigit():
        raise BadControl("count is a number")
    return [introduction._asdict() for introduction in app.world.showcase(int(count))]


def _arm(app: App, query: Mapping[str, str], body: object) -> object:
    faults = [read_fault(_mapping(one)) for one in (body if isinstance(body, list) else [body])]
    for fault in faults:
        app.faults.arm(fault)
    return app.faults.armed()


def _disarm(app: App, query: Mapping[str, str], body: object) -> object:
    app.faults.clear()
    return []


def _key(app: App, query: Mapping[str, str], body: object) -> object:
    values = _mapping(body)
    key, application, expired = values.get("key"), values.get("application"), values.get("expired")
    if isinstance(key, str) and isinstance(application, str):
        app.keys.add(key, application)
    elif isinstance(key, str) and expired in REFUSALS:
        app.keys.expire(key, status=expired)
    else:
        raise BadControl("a key needs its application, or expired with 401 or 403")
    return {"applications": sorted(set(app.keys.applications.values()))}


def _limits(app: App, query: Mapping[str, str], body: object) -> object:
    values = _mapping(body)
    application = values.get("application")
    methods = {str(name): parse_rates(str(rates)) for name, rates in _mapping(values.get("methods", {})).items()}
    app.limits.change(application=parse_rates(str(application)) if application else None, methods=methods)
    return {"application_limit": written(app.limits.application)}


def _clock(app: App, query: Mapping[str, str], body: object) -> object:
    lag_s = _mapping(body).get("lag_s")
    if not isinstance(lag_s, (int, float)) or lag_s < 0:
        raise BadControl("lag_s is a number of at least 0")
    app.lag_s = lag_s
    return {"now_s": app.now_s()}


def _reset(app: App, query: Mapping[str, str], body: object) -> object:
    app.counters = Counters()
    return {}


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadControl("a JSON object is expected")
    return value


def _reply(status: int, value: object) -> Reply:
    return Reply(status, {"Content-Type": "application/json"}, json.dumps(value, ensure_ascii=False).encode())


_ACTIONS: Final[Mapping[tuple[str, str], Callable[[App, Mapping[str, str], object], object]]] = {
    ("GET", "state"): _state,
    ("GET", "matches"): _matches,
    ("GET", "people"): _people,
    ("GET", "showcase"): _showcase,
    ("POST", "faults"): _arm,
    ("DELETE", "faults"): _disarm,
    ("POST", "keys"): _key,
    ("POST", "limits"): _limits,
    ("POST", "clock"): _clock,
    ("POST", "reset"): _reset,
}
