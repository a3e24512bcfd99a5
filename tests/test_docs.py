"""The documentation says what the code does: names, defaults, files and commands are compared with it."""

import json
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import table
from django.core.management import get_commands, load_command_class
from django.core.management.base import CommandParser
from promises import PROMISES, Promise

from riotwatch_jobs import registry
from riotwatch_jobs.base import Job
from riotwatch_messages.events import EVENTS

PROJECT = Path(__file__).parents[1]
DOCUMENTS = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")])
RECORDS = sorted((PROJECT / "docs" / "decisions").glob("0*.md"))
SECTIONS = ["Context", "Decision", "Consequences", "Proof"]
OF_DJANGO = {"createsuperuser", "changepassword", "check", "migrate", "help", "COMMAND"}
LEGAL_NOTICE = (
    "riotwatch isn't endorsed by Riot Games and doesn't reflect the views or opinions of Riot Games or anyone "
    "officially involved in producing or managing Riot Games properties. Riot Games and all associated properties are "
    "trademarks or registered trademarks of Riot Games, Inc."
)


def read(name: str) -> str:
    return (PROJECT / name).read_text()


def rows(text: str) -> dict[str, list[str]]:
    """The rows of all tables whose first cell is a name in backticks: name → further cells."""
    found = re.findall(r"^\| `([\w.]+)` \|(.*)\|$", text, flags=re.MULTILINE)
    return {name: [cell.strip() for cell in cells.split("|")] for name, cells in found}


def section(text: str, heading: str) -> str:
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL)
    assert found, f"there is no heading {heading!r}"
    return found[1]


def relative(path: Path) -> str:
    return str(path.relative_to(PROJECT))


# --- Jobs ------------------------------------------------------------------------------------------------------------


def all_jobs() -> list[type[Job]]:
    registry.discover()
    # Other tests register toys in the same process.
    return [job for job in registry.all_jobs() if job.__module__.startswith(f"{registry.CATALOGUE}.")]


def bounds_of(field: Any) -> tuple[str, str]:
    rules = {name: getattr(rule, name) for rule in field.metadata for name in ("ge", "le") if hasattr(rule, name)}
    if field.annotation == date | None:  # its bounds depend on the day
        return "", ""
    return str(rules["ge"]), str(rules["le"])


@pytest.mark.parametrize("job", all_jobs(), ids=lambda job: job.job_id)
def test_every_job_is_documented_with_its_schedule_queue_settings_and_results(job):
    text = section(read("docs/jobs.md"), job.job_id)
    assert f"**Schedule**: `{job.schedule}`" in text
    assert f"**Queue**: `{job.queue}`" in text
    listed = {name: tuple(cells[:3]) for name, cells in rows(text).items() if len(cells) == 4}
    fields = job.Config.model_fields
    defaults = {name: "" if field.default is None else str(field.default) for name, field in fields.items()}
    assert listed == {name: (defaults[name], *bounds_of(field)) for name, field in fields.items()}
    results = {name for name, cells in rows(text).items() if len(cells) == 1}
    assert results == set(job.Result.__dataclass_fields__)


# --- Configuration ---------------------------------------------------------------------------------------------------


def read_by_settings() -> set[str]:
    return set(re.findall(r"\benv\.\w+\(\s*\"([A-Z_]+)\"", read("riotwatch/settings.py")))


def read_by_shell_and_compose() -> set[str]:
    text = read("Procfile") + read("docker-compose.yml").replace("$$", "$")
    return set(re.findall(r"\$\{([A-Z_]+)", text))


def example() -> dict[str, str]:
    return dict(re.findall(r"^#?([A-Z_]+)=(.*)$", read(".env.example"), flags=re.MULTILINE))


def test_settings_example_and_readme_name_the_same_variables():
    variables = read_by_settings() | read_by_shell_and_compose()
    assert set(example()) == variables
    assert set(rows(section(read("README.md"), "Configuration"))) == variables


def test_the_readme_shows_the_defaults_of_the_example():
    shown = {name: cells[0].strip("`") for name, cells in rows(section(read("README.md"), "Configuration")).items()}
    assert shown == example()


def test_the_example_holds_nothing_but_comments():
    lines = [line for line in read(".env.example").splitlines() if line and not line.startswith("#")]
    assert lines == []


def settings_under(variables: dict[str, str]) -> dict[str, Any]:
    """What the settings come to in a process that has nothing but `variables` in its environment."""
    show = (
        "import json, riotwatch.settings as s;"
        "print(json.dumps({n: getattr(s, n) for n in dir(s) if n.isupper() and n != 'UNFOLD'}, default=str))"
    )
    environment = {"PATH": os.environ["PATH"], "RIOT_API_KEY": "RGAPI-of-nobody", **variables}
    done = subprocess.run(
        [sys.executable, "-c", show],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    values: dict[str, Any] = json.loads(done.stdout)
    return values


@pytest.mark.skipif((PROJECT / ".env").exists(), reason="a .env in the checkout changes the defaults")
def test_the_defaults_in_the_example_are_those_of_the_settings():
    given = {name: value for name, value in example().items() if value and name in read_by_settings()}
    assert len(given) > 10
    assert settings_under(given) == settings_under({})


def test_every_event_that_people_are_told_of_is_documented():
    listed = re.findall(
        r"^\| ([A-Z][\w' ]+) \|", section(read("docs/operations.md"), "Messages to people"), flags=re.MULTILINE
    )
    assert listed == [event.title for event in EVENTS if not event.followed]


# --- Commands, files, records ----------------------------------------------------------------------------------------


def test_the_readme_begins_with_its_two_commands():
    beginning = read("README.md").splitlines()[:14]
    assert beginning[0] == "# riotwatch"
    assert any(line.startswith("make run ") for line in beginning)
    assert any(line.startswith("make test ") for line in beginning)


def test_the_readme_carries_the_legal_notice():
    assert LEGAL_NOTICE in " ".join(read("README.md").split())


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_every_command_that_is_named_exists(document):
    text = document.read_text()
    named = set(re.findall(r"manage\.py ([A-Za-z_]+)", text))
    assert named - OF_DJANGO <= set(get_commands())
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), flags=re.MULTILINE))
    wanted = re.findall(r"(?:`|^|RGAPI-\.\.\. )make ([a-z-]+)", text, flags=re.MULTILINE)
    assert set(wanted) <= targets


def test_every_command_of_ours_is_in_the_readme():
    ours = {name for name, package in get_commands().items() if package.startswith("riotwatch")}
    assert ours == set(re.findall(r"^\| `([a-z_]+)[ `]", section(read("README.md"), "Commands"), flags=re.MULTILINE))


def parsers_of_ours() -> dict[str, CommandParser]:
    ours = {name: package for name, package in get_commands().items() if package.startswith("riotwatch")}
    return {name: load_command_class(package, name).create_parser("manage.py", name) for name, package in ours.items()}


def test_the_help_of_every_command_of_ours_names_its_exit_codes():
    helps = {name: " ".join(parser.format_help().split()) for name, parser in parsers_of_ours().items()}
    assert len(helps) > 30
    assert [name for name, text in helps.items() if not re.search(r"Exit codes: 0 [^.]+\.$", text)] == []


def test_the_readme_names_the_commands_that_take_no_json():
    text = section(read("README.md"), "Commands")
    named = re.search(r"Every command takes `--json`, but .*?\((.*?)\)", text, flags=re.DOTALL)
    parsers = parsers_of_ours()
    without = {name for name, parser in parsers.items() if "--json" not in parser._option_string_actions}
    assert named
    assert set(re.findall(r"`(\w+)`", named[1])) == without


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_every_file_that_is_linked_or_named_exists(document):
    text = document.read_text()
    links = [target for target in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in target]
    assert [target for target in links if not (document.parent / target).exists()] == []
    paths = re.findall(r"`((?:riotwatch\w*|tests|docs|requirements|bench)/[\w./-]+)`", text)
    absent = [path for path in paths if not (PROJECT / path).exists() and "your_job" not in path]
    assert absent == []


@pytest.mark.parametrize("record", RECORDS, ids=relative)
def test_a_decision_record_has_its_sections_and_names_its_proof(record):
    text = record.read_text()
    assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == SECTIONS
    assert re.match(rf"# {int(record.name[:4])}\. \S", text)
    assert re.search(r"`tests/[\w/]+\.py`", section(text, "Proof"))


def test_every_decision_record_is_in_the_index():
    index = read("docs/decisions/README.md")
    assert [record.name for record in RECORDS] == re.findall(r"\]\((0\d+-[\w-]+\.md)\)", index)


# --- Reliability -----------------------------------------------------------------------------------------------------


def test_the_table_of_faults_is_what_the_promises_and_the_kept_measurements_make():
    text = read("docs/reliability.md")
    assert table.with_table(text, table.between_markers(table.kept())) == text, "run tests/faults/table.py"


def test_every_promise_is_tested_and_every_fault_has_one_row():
    assert [fault for fault in PROMISES if not table.tests_of(fault)] == []
    listed = re.findall(r"^\| F(\d+) \|", read("docs/reliability.md"), flags=re.MULTILINE)
    assert sorted(map(int, listed)) == list(range(1, 35))


def test_a_row_tells_median_worst_and_how_often():
    promise = Promise("all is lost", "nothing is", 45)
    records = [
        {"fault": "F0", "seconds": [1.0, 30.0], "lost": 0, "doubled": 1, "note": "twice", "held": True},
        {"fault": "F0", "seconds": [2.24], "lost": 0, "doubled": 0, "note": "twice", "held": True},
    ]
    row = "| F0 | all is lost | nothing is | 45 s | 2.2 s | 30 s | 3 | 0 | 1 | twice |  |\n"
    assert table.row("F0", promise, records) == row
    assert "| not measured yet |" in table.row("F0", promise, [])


def test_measurements_that_did_not_hold_are_not_documented(tmp_path):
    report = tmp_path / "faults.jsonl"
    report.write_text('{"fault": "F1", "seconds": [50.0], "lost": 0, "doubled": 0, "note": "", "held": false}\n')
    with pytest.raises(SystemExit, match="not held: F1"):
        table.main([str(report)])


# --- Parity ----------------------------------------------------------------------------------------------------------


def test_every_row_of_the_parity_names_tests_that_exist_or_says_that_it_is_not_there_yet():
    known = {path.name for path in (PROJECT / "tests").rglob("test_*.py")}
    for line in (PROJECT / "docs" / "parity.md").read_text().splitlines():
        if not line.startswith("| ") or line.startswith(("| capability", "|---")):
            continue
        named = re.findall(r"`(test_\w+\.py)`", line)
        folders = re.findall(r"`(tests/[\w/]+)(?:`|/test_admin_\*)", line)
        assert named or folders or "*not there yet*" in line, line
        assert not set(named) - known, line
        assert all((PROJECT / folder).is_dir() for folder in folders), line
