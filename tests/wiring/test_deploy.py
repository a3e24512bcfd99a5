"""What is shipped for Prometheus and Grafana asks for figures that `/metrics` really tells."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands
from prometheus_client.parser import text_string_to_metric_families

from riotwatch_players import gateway
from riotwatch_players.riot.limiter import Lane, Scope

DEPLOY = Path(__file__).parents[2] / "deploy"
OF_PROMETHEUS = {"up"}
NAME = re.compile(r"\b(riotwatch_\w+|up)\b(?:\{([^}]*)\})?")
GROUPED = re.compile(r"\bby \(([^)]*)\)")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((DEPLOY / "prometheus-alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    everything = json.loads((DEPLOY / "grafana-dashboard.json").read_text())["panels"]
    return [panel for panel in everything if panel["type"] != "row"]


def asked() -> list[tuple[str, str, str]]:
    """Every expression with what shows its labels, and whose it is."""
    of_rules = [(rule["alert"], rule["expr"], json.dumps(rule["annotations"])) for rule in rules()]
    targets = [(panel["title"], target) for panel in panels() for target in panel["targets"]]
    return of_rules + [(title, target["expr"], target["legendFormat"]) for title, target in targets]


@pytest.fixture
def told(busy, client, settings) -> dict[str, set[str]]:
    """The labels of each metric that a busy installation tells."""
    settings.RIOT_API_URL = "http://127.0.0.1:9/{host}/deployed"
    scope, budget = Scope("europe", "match-v5.match"), gateway.limiter()
    limits = {"X-App-Rate-Limit": "1:60", "X-App-Rate-Limit-Count": "1:60", "X-Rate-Limit-Type": "application"}
    budget.complete(budget.acquire(scope, Lane.TRACKED), status=429, headers=limits)
    budget.acquire(scope, Lane.TRACKED)
    labels: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(client.get("/metrics").content.decode()):
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    return labels


def test_every_figure_and_every_label_that_is_asked_for_is_told(told):
    for whose, expression, shown in asked():
        metrics = NAME.findall(expression)
        assert metrics, f"{whose} asks for nothing: {expression}"
        there = set().union(*(told.get(name, set()) for name, _ in metrics))
        for name, filters in metrics:
            assert name in told.keys() | OF_PROMETHEUS, f"{whose} asks for {name}, which is not told"
            wanted = set(re.findall(r"(\w+)\s*[=!]", filters)) - {"job" if name in OF_PROMETHEUS else ""}
            assert wanted <= there, f"{whose}: {name} has no label {wanted - there}"
        grouped = {label.strip() for names in GROUPED.findall(expression) for label in names.split(",")}
        used = set(re.findall(r"\{\{\s*(?:\$labels\.)?(\w+)", shown)) - {"value"}
        assert grouped | used <= there, f"{whose} names labels that {expression} does not have"


def test_what_is_grouped_is_shown_by_its_groups_alone():
    for whose, expression, shown in asked():
        used = set(re.findall(r"\{\{\s*(?:\$labels\.)?(\w+)", shown)) - {"value"}
        grouped = [{label.strip() for label in names.split(",")} for names in GROUPED.findall(expression)]
        assert all(used <= group for group in grouped), whose


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_every_alert_says_what_is_wrong_and_what_helps(rule):
    assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert re.fullmatch(r"\d+[smhd]", rule.get("for", "0s"))
    assert rule["expr"].count("(") == rule["expr"].count(")")
    assert {"summary", "action"} == rule["annotations"].keys()
    named = re.findall(r"manage\.py (\w+)", rule["annotations"]["action"])
    assert set(named) <= set(get_commands())


def test_names_and_places_are_not_taken_twice():
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))
    everything = json.loads((DEPLOY / "grafana-dashboard.json").read_text())["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    taken = [
        (x, y)
        for place in (panel["gridPos"] for panel in everything)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(taken) == len(set(taken))
