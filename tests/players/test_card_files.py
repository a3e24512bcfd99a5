"""Model cards in the folder that `DETECTION_MODELS_DIR` names."""

from datetime import timedelta

import pytest

from riotwatch_players import card_files, model_cards
from riotwatch_players.models import DetectionModel, ModelOrigin, ModelState
from tests.players.factories import NOW
from tests.players.model_files import brought_in, card_text

LATER = NOW + timedelta(minutes=5)
pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings, tmp_path):
    """What the package ships is there already."""
    settings.DETECTION_MODELS_DIR = tmp_path
    card_files.sync_cards(now=NOW)
    return tmp_path


def in_folder():
    return DetectionModel.objects.filter(origin=ModelOrigin.FOLDER)


def test_new_files_are_brought_in_once_and_not_activated(folder):
    (folder / "made.json").write_text(card_text())
    (folder / "notes.txt").write_text("no card")
    synced = card_files.sync_cards(now=NOW)
    row = in_folder().get()
    assert (synced.added, synced.changed, synced.removed, synced.refused) == ((str(row),), (), (), ())
    assert (row.file, row.state, row.brought_in_by) == ("made.json", ModelState.AVAILABLE, "")
    again = card_files.sync_cards(now=LATER)
    assert (again.added, again.found) == ((), synced.found)


def test_another_content_under_a_known_version_is_kept_beside_it_and_judges_nothing(folder):
    file = folder / "made.json"
    file.write_text(card_text())
    card_files.sync_cards(now=NOW)
    before = in_folder().get()
    model_cards.activate(before, by="ann", now=NOW)
    file.write_text(card_text(created_by="somebody else"))
    synced = card_files.sync_cards(now=LATER)
    after = in_folder().get(removed_at=None)
    assert (synced.changed, synced.added, synced.removed) == ((str(after),), (), ())
    assert after.name == before.name
    assert after.state == ModelState.AVAILABLE
    assert in_folder().get(state=ModelState.ACTIVE) == before


def test_a_file_that_is_gone_is_noted_and_an_active_model_goes_on(folder):
    file = folder / "made.json"
    file.write_text(card_text())
    card_files.sync_cards(now=NOW)
    model_cards.activate(in_folder().get(), by="ann", now=NOW)
    file.unlink()
    assert card_files.sync_cards(now=LATER).removed == (str(in_folder().get()),)
    row = in_folder().get()
    assert (row.state, row.removed_at) == (ModelState.ACTIVE, LATER)
    file.write_text(card_text())
    card_files.sync_cards(now=LATER)
    assert in_folder().get().removed_at is None


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (card_text()[:200].encode(), "half.json: no JSON"),
        (b"\xff\xfe{", "half.json: no UTF-8 text"),
        (b" " * (model_cards.MOST_BYTES + 1), "half.json: larger than"),
        (card_text(min_games=0).encode(), "half.json: min_games: "),
    ],
)
def test_a_file_that_is_no_card_is_refused_by_name_and_the_others_are_taken(folder, content, told):
    (folder / "half.json").write_bytes(content)
    (folder / "whole.json").write_text(card_text())
    synced = card_files.sync_cards(now=NOW)
    assert [str(problem)[: len(told)] for problem in synced.refused] == [told]
    assert in_folder().get().file == "whole.json"


def test_a_file_that_is_being_written_does_not_count_as_gone(folder):
    file = folder / "made.json"
    file.write_text(card_text())
    card_files.sync_cards(now=NOW)
    file.write_text("{")
    synced = card_files.sync_cards(now=LATER)
    assert synced.removed == ()
    assert in_folder().get().removed_at is None


def test_a_folder_that_is_not_there_is_named_and_nothing_counts_as_gone(folder, settings):
    (folder / "made.json").write_text(card_text())
    card_files.sync_cards(now=NOW)
    settings.DETECTION_MODELS_DIR = folder / "absent"
    with pytest.raises(card_files.NoSuchFolder, match=r"DETECTION_MODELS_DIR: .*absent"):
        card_files.sync_cards(now=LATER)
    settings.DETECTION_MODELS_DIR = None
    assert card_files.sync_cards(now=LATER).removed == ()
    assert in_folder().get().removed_at is None


def test_uploaded_models_have_no_file_that_could_be_gone(folder):
    row = brought_in()
    assert card_files.sync_cards(now=LATER).removed == ()
    row.refresh_from_db()
    assert row.removed_at is None
