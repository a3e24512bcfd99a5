"""Models brought in, activated, compared in the shadow, and rolled back."""

import json

import pytest

from riotwatch_players import model_cards
from riotwatch_players.detection.cards import BadCard
from riotwatch_players.models import DetectionModel, ModelOrigin, ModelState
from tests.players.concurrency import at_once
from tests.players.factories import NOW
from tests.players.model_files import brought_in, card_text


def states():
    return {row.version: row.state for row in DetectionModel.objects.exclude(state=ModelState.AVAILABLE)}


@pytest.mark.django_db
def test_a_model_is_brought_in_once_and_is_active_only_when_somebody_says_so():
    row = brought_in()
    again, created = model_cards.bring_in(card_text(), file="copy.json", origin=ModelOrigin.FOLDER, by="", now=NOW)
    assert (again, created, again.origin) == (row, False, ModelOrigin.ADMIN)
    assert (row.name, row.state, row.brought_in_by) == ("made-1.0.0", ModelState.AVAILABLE, "ann")
    assert str(row) == f"made-1.0.0+{row.sha256[:8]}"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "bad.json: no JSON"),
        (json.dumps(json.loads(card_text()) | {"min_games": 3}), "bad.json: sha256 is"),
        (card_text(hysteresis=2.0), "bad.json: hysteresis: "),
        (card_text(created="yesterday"), "bad.json: created: "),
    ],
)
def test_what_is_no_usable_card_is_refused_by_file_and_field_and_nothing_is_stored(text, told):
    with pytest.raises(BadCard, match=told):
        model_cards.bring_in(text, file="bad.json", origin=ModelOrigin.ADMIN, by="ann", now=NOW)
    assert not DetectionModel.objects.exists()


@pytest.mark.django_db
def test_activating_keeps_the_model_before_and_rolling_back_returns_to_it():
    one, two, three = (brought_in(f"1.0.{number}") for number in range(3))
    for row in (one, two, three):
        model_cards.activate(row, by="ann", now=NOW)
    assert states() == {"1.0.2": "active", "1.0.1": "previous"}
    model_cards.roll_back(two, by="ben", now=NOW)
    assert states() == {"1.0.1": "active", "1.0.2": "previous"}
    model_cards.roll_back(three, by="ben", now=NOW)
    assert states() == {"1.0.2": "active", "1.0.1": "previous"}
    with pytest.raises(model_cards.NotInThatState, match="active already"):
        model_cards.activate(three, by="ann", now=NOW)


@pytest.mark.django_db
def test_only_the_previous_model_is_rolled_back_to_so_that_asking_twice_returns_once():
    one, two, three = (brought_in(f"1.0.{number}") for number in range(3))
    for row in (one, two):
        model_cards.activate(row, by="ann", now=NOW)
    model_cards.roll_back(one, by="ann", now=NOW)
    for row in (one, three):
        with pytest.raises(model_cards.NotInThatState, match="not the previous model"):
            model_cards.roll_back(row, by="ann", now=NOW)
    assert states() == {"1.0.0": "active", "1.0.1": "previous"}


@pytest.mark.django_db(transaction=True)
def test_two_rollbacks_at_the_same_moment_return_once():
    one, two = brought_in("1.0.0"), brought_in("1.0.1")
    for row in (one, two):
        model_cards.activate(row, by="ann", now=NOW)
    once = [lambda: model_cards.roll_back(DetectionModel.objects.get(pk=one.pk), by="ann", now=NOW)] * 2
    assert [type(problem) for problem in at_once(*once)] == [model_cards.NotInThatState]
    assert states() == {"1.0.0": "active", "1.0.1": "previous"}


@pytest.mark.django_db
def test_the_previous_model_is_kept_for_a_rollback_and_casts_no_shadow():
    one, two = brought_in("1.0.0"), brought_in("1.0.1")
    for row in (one, two):
        model_cards.activate(row, by="ann", now=NOW)
    with pytest.raises(model_cards.NotInThatState, match="kept for a rollback"):
        model_cards.cast_shadow(one, by="ann", now=NOW)
    assert states() == {"1.0.0": "previous", "1.0.1": "active"}


@pytest.mark.django_db
def test_a_shadow_is_one_at_most_and_never_the_active_model():
    active, first, second = (brought_in(f"1.0.{number}") for number in range(3))
    model_cards.activate(active, by="ann", now=NOW)
    model_cards.cast_shadow(first, by="ann", now=NOW)
    model_cards.cast_shadow(second, by="ann", now=NOW)
    assert states() == {"1.0.0": "active", "1.0.2": "shadow"}
    with pytest.raises(model_cards.NotInThatState, match="nothing to compare"):
        model_cards.cast_shadow(active, by="ann", now=NOW)
    model_cards.activate(second, by="ann", now=NOW)
    assert states() == {"1.0.2": "active", "1.0.0": "previous"}
    with pytest.raises(model_cards.NotInThatState, match="no shadow"):
        model_cards.end_shadow(second, by="ann", now=NOW)


@pytest.mark.django_db
def test_a_model_that_this_code_cannot_use_is_not_activated():
    good, bad = brought_in("1.0.0"), brought_in("1.0.1")
    model_cards.activate(good, by="ann", now=NOW)
    bad.document = bad.document.replace('"limits"', '"limit"')
    bad.save()
    for way in (model_cards.activate, model_cards.cast_shadow):
        with pytest.raises(BadCard, match=r"made-1\.0\.1"):
            way(bad, by="ann", now=NOW)
    assert states() == {"1.0.0": "active"}


@pytest.mark.django_db(transaction=True)
def test_models_activated_at_the_same_moment_leave_one_active_and_one_previous():
    rows = [brought_in(f"1.0.{number}") for number in range(5)]
    raised = at_once(*(lambda row=row: model_cards.activate(row, by="ann", now=NOW) for row in rows))
    assert raised == []
    assert sorted(states().values()) == ["active", "previous"]
