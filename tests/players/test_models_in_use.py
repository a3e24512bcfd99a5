"""Which model a process judges with, and what looking again costs."""

from importlib import import_module

import numpy as np
import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from riotwatch_players import model_cards, models_in_use
from riotwatch_players.detection.baseline import SHAPE
from riotwatch_players.detection.cards import sealed, shipped_card
from riotwatch_players.models import DetectionBaseline, DetectionModel
from tests.players.factories import NOW
from tests.players.model_files import brought_in


@pytest.fixture
def a_little_later(monkeypatch):
    """What the process finds when it looks again."""

    def look():
        with monkeypatch.context() as changed:
            changed.setattr(models_in_use, "REREAD_EVERY_S", 0)
            return models_in_use.in_use()

    return look


def activated(version):
    row = brought_in(version)
    model_cards.activate(row, by="ann", now=NOW)
    return row


@pytest.mark.django_db
def test_the_active_model_is_used_and_the_database_is_not_asked_again_at_once(a_little_later):
    row = activated("1.0.0")
    first = models_in_use.in_use()
    assert first.card.version_hash == str(row)
    assert first.shadow is None
    activated("1.0.1")
    with CaptureQueriesContext(connection) as queries:
        assert models_in_use.in_use() is first
    assert len(queries) == 0
    second = a_little_later()
    assert second.card.version == "1.0.1"
    assert first.card.version == "1.0.0"


@pytest.mark.django_db
def test_a_process_that_is_told_of_other_versions_looks_at_once():
    activated("1.0.0")
    first = models_in_use.in_use()
    assert models_in_use.in_use(expected=first.versions) is first
    activated("1.0.1")
    assert models_in_use.in_use(expected="those of the swap").card.version == "1.0.1"


@pytest.mark.django_db
def test_unless_something_changed_looking_again_costs_two_small_reads_and_keeps_the_object(a_little_later):
    activated("1.0.0")
    first = models_in_use.in_use()
    with CaptureQueriesContext(connection) as queries:
        assert a_little_later() is first
    assert len(queries) == 2
    assert "document" not in str(queries.captured_queries)


@pytest.mark.django_db
def test_the_same_version_with_another_content_is_another_model(a_little_later):
    before, after = brought_in("1.0.0"), brought_in("1.0.0", created_by="somebody else")
    model_cards.activate(before, by="ann", now=NOW)
    first = models_in_use.in_use()
    model_cards.activate(after, by="ann", now=NOW)
    second = a_little_later()
    assert first.card.name == second.card.name
    assert first.versions != second.versions


@pytest.mark.django_db
def test_the_current_baseline_replaces_that_of_active_model_and_shadow(a_little_later):
    usual = [{"below": 60, "mean": 1.0, "sd": 2.0}, {"below": 75, "mean": 2.0, "sd": 2.0}]
    model_cards.activate(brought_in("1.0.0", level_bands=usual), by="ann", now=NOW)
    shadow = brought_in("1.0.1")
    model_cards.cast_shadow(shadow, by="ann", now=NOW)
    before = models_in_use.in_use()
    assert before.card.baseline.version == "flat"
    median = np.full(SHAPE, 0.25)
    median[:2] = np.nan
    n = np.full(SHAPE[:-1], 100)
    n[:2] = 0
    bands = [{"below": 60, "mean": 2.0, "sd": 1.0}, {"below": 75, "mean": 3.0, "sd": 1.2}]
    DetectionBaseline.objects.create(
        name="stored-1",
        sha256="1" * 64,
        built_at=NOW,
        matches=1,
        rows=1,
        median=np.where(np.isnan(median), None, median).tolist(),
        mad=np.where(np.isnan(median), None, 0.5).tolist(),
        n=n.tolist(),
        level_bands=bands,
        current=True,
    )
    after = a_little_later()
    assert after.versions == f"{before.card.version_hash}/stored-1"
    assert after.card.baseline.version == after.shadow.card.baseline.version == "stored-1"
    assert [band.model_dump() for band in after.card.level_bands] == bands
    assert [band.model_dump() for band in after.own_bands] == usual
    # The shadow's bands are others, so what was counted in these is not about its levels.
    assert after.shadow.card.level_bands == before.shadow.card.level_bands
    own, stored = before.card.baseline_table.median, after.card.baseline_table.median
    assert stored[0] == own[0]  # neither Iron nor Bronze was counted; Bronze borrows from Silver
    assert stored[1] == stored[2] != own[1]
    assert (after.shadow.model_id, after.shadow.card.version_hash) == (shadow.pk, str(shadow))


@pytest.mark.django_db
def test_an_active_model_that_cannot_be_used_is_named_with_the_remedy_and_a_shadow_is_let_be():
    row, shadow = activated("1.0.0"), brought_in("1.0.1")
    model_cards.cast_shadow(shadow, by="ann", now=NOW)
    shadow.document = "{}"
    shadow.save()
    assert models_in_use.in_use().shadow is None
    row.document = "{}"
    row.save()
    models_in_use.forget()
    with pytest.raises(models_in_use.UnusableModel, match=r"made-1\.0\.0.*Activate another one"):
        models_in_use.in_use()


@pytest.mark.django_db
def test_after_an_upgrade_the_shipped_model_judges_in_the_place_of_one_that_cannot_be_used_any_more():
    old, other = activated("1.0.0"), brought_in("1.0.1")
    DetectionModel.objects.filter(pk=old.pk).update(document=sealed({"id": "made", "schema_version": 1}))
    with pytest.raises(models_in_use.UnusableModel, match="schema_version: 1 is an older riotwatch's"):
        models_in_use.in_use()
    migration = import_module("riotwatch_players.migrations.0015_models_of_the_first_schema")
    migration.put_aside(apps, None)
    models_in_use.forget()
    assert models_in_use.in_use().card == shipped_card()
    assert set(DetectionModel.objects.values_list("pk", "state")) == {(old.pk, "available"), (other.pk, "available")}
