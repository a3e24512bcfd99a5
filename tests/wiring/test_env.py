"""Reading the environment: what is refused is refused by name."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riotwatch.env import BadVariable, Environment

SECRET = "hunter2"


def env(**variables):
    return Environment(variables)


# --- Whole numbers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("raw", "value"), [("7", 7), (" 7 ", 7), ("+7", 7), ("1", 1), ("9", 9), ("", 5), ("  ", 5)])
def test_a_whole_number_is_read_and_empty_means_the_default(raw, value):
    assert env(PORT=raw).integer("PORT", 5, least=1, most=9) == value


@pytest.mark.parametrize("raw", ["seven", "7.0", "7e1", "0x7", "7 8", "--7", "9" * 5000])
def test_what_is_no_whole_number_is_refused_by_name(raw):
    with pytest.raises(BadVariable, match="PORT must be"):
        env(PORT=raw).integer("PORT", 5, least=1, most=9)


@pytest.mark.parametrize("raw", ["0", "10", "-7", "9" * 18])
def test_a_number_out_of_bounds_is_refused_naming_the_bounds(raw):
    with pytest.raises(BadVariable, match=r"PORT must be from 1 to 9, not"):
        env(PORT=raw).integer("PORT", 5, least=1, most=9)


def test_an_optional_number_is_none_where_it_is_not_set():
    assert env().optional_integer("EVERY", least=10, most=99) is None
    assert env(EVERY=" ").optional_integer("EVERY", least=10, most=99) is None
    assert env(EVERY="10").optional_integer("EVERY", least=10, most=99) == 10
    with pytest.raises(BadVariable, match="EVERY must be from 10 to 99, not 9"):
        env(EVERY="9").optional_integer("EVERY", least=10, most=99)


# --- Yes or no, lists, forms -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["1", "true", "YES", "On", " true "])
def test_yes_in_any_usual_word(word):
    assert env(DEBUG=word).flag("DEBUG", default=False) is True


@pytest.mark.parametrize("word", ["0", "false", "NO", "Off"])
def test_no_in_any_usual_word(word):
    assert env(DEBUG=word).flag("DEBUG", default=True) is False


@pytest.mark.parametrize("default", [True, False])
def test_a_flag_that_is_empty_or_missing_is_its_default(default):
    assert env(DEBUG="").flag("DEBUG", default=default) is default
    assert env().flag("DEBUG", default=default) is default


@pytest.mark.parametrize("word", ["maybe", "2", "truee"])
def test_another_word_is_refused_by_name(word):
    with pytest.raises(BadVariable, match=f"DEBUG must be true or false, not '{word}'"):
        env(DEBUG=word).flag("DEBUG", default=False)


def test_lists_are_split_at_commas_and_empty_means_the_default():
    assert env(HOSTS=" a, b ,,c ").words("HOSTS", ("x",)) == ["a", "b", "c"]
    assert env(HOSTS="").words("HOSTS", ("x", "y")) == ["x", "y"]
    assert env().words("HOSTS") == []


def test_a_value_of_a_fixed_form_is_refused_with_an_example():
    wanted = {"pattern": r"\d+/s", "example": "500/s"}
    assert env(RATE="3/s").matching("RATE", "1/s", **wanted) == "3/s"
    assert env(RATE="").matching("RATE", "1/s", **wanted) == "1/s"
    with pytest.raises(BadVariable, match="RATE must look like 500/s"):
        env(RATE="fast").matching("RATE", "1/s", **wanted)


# --- Addresses, and what they hide -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://ann:{SECRET}@db:5432/riot",
        f"postgresql://ann:{SECRET}@[::1]:5432/riot",
        "postgresql://%2Frun%2Fpg/riot?user=ann",
        "postgres:///riot",
    ],
)
def test_an_address_with_a_known_beginning_is_taken_as_it_is(address):
    assert env(DATABASE_URL=address).url("DATABASE_URL", "", schemes=("postgresql", "postgres")) == address


def test_a_template_of_an_address_is_one_too():
    for address in ("http://127.0.0.1:8900/{host}", "https://{host}.api.riotgames.com"):
        assert env(RIOT_API_URL=address).url("RIOT_API_URL", "", schemes=("http", "https")) == address


@pytest.mark.parametrize(
    "address",
    [
        f"mysql://ann:{SECRET}@db/riot",
        f"ann:{SECRET}@db/riot",
        SECRET,
        f"postgresql:/ann:{SECRET}@db",
        f"postgresql://ann:{SECRET}#x@db/riot",
        f"postgresql://ann:{SECRET}@db:{SECRET}/riot",
        f"postgresql://ann:{SECRET}@db:99999/riot",
        f"postgresql://ann:{SECRET}@[::1/riot",
    ],
)
def test_a_bad_address_is_refused_by_name_and_never_repeated(address):
    with pytest.raises(BadVariable, match="DATABASE_URL") as refusal:
        env(DATABASE_URL=address).url("DATABASE_URL", "", schemes=("postgresql", "postgres"))
    assert SECRET not in str(refusal.value)
    assert refusal.value.__cause__ is None


@given(st.text(max_size=80))
def test_any_address_is_taken_or_refused_by_name(address):
    try:
        env(REDIS_URL=address).url("REDIS_URL", "", schemes=("redis", "unix"))
    except BadVariable as refusal:
        assert refusal.name == "REDIS_URL"  # noqa: PT017 - either outcome is right


# --- The process and .env --------------------------------------------------------------------------------------------


@pytest.fixture
def dotenv(tmp_path, monkeypatch):
    """Write a .env file; the process has none of its variables."""
    for name in ("RW_TEST_A", "RW_TEST_B"):
        monkeypatch.delenv(name, raising=False)

    def write(text):
        path = tmp_path / ".env"
        path.write_text(text)
        return path

    return write


def test_the_file_fills_in_what_the_process_lacks(dotenv, monkeypatch):
    monkeypatch.setenv("RW_TEST_A", "process")
    loaded = Environment.load(dotenv("RW_TEST_A=file\nRW_TEST_B='quoted # not a comment'\n# RW_TEST_C=1\n"))
    assert loaded.text("RW_TEST_A") == "process"
    assert loaded.text("RW_TEST_B") == "quoted # not a comment"
    assert loaded.text("RW_TEST_C", "default") == "default"


@pytest.mark.parametrize("empty", ["", "  "])
def test_a_variable_that_is_empty_in_the_process_is_not_set_there(dotenv, monkeypatch, empty):
    monkeypatch.setenv("RW_TEST_A", empty)
    assert Environment.load(dotenv("RW_TEST_A=file\n")).text("RW_TEST_A", "default") == "file"


def test_a_variable_that_is_empty_in_the_file_is_its_default(dotenv):
    assert Environment.load(dotenv("RW_TEST_A=\nRW_TEST_B\n")).text("RW_TEST_A", "default") == "default"


def test_without_a_file_the_process_is_all_there_is(tmp_path, monkeypatch):
    monkeypatch.setenv("RW_TEST_A", "process")
    assert Environment.load(tmp_path / "nowhere").text("RW_TEST_A") == "process"


def test_reading_changes_nothing_in_the_process(dotenv):
    before = dict(os.environ)
    Environment.load(dotenv("RW_TEST_A=file\n"))
    assert dict(os.environ) == before
