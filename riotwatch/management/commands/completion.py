"""`manage.py completion bash`: what makes the shell complete commands, options and job ids."""

import json
import shlex
from typing import Any

from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand, CommandParser

from riotwatch_jobs import registry

SCRIPT = """\
# For bash: eval "$(manage.py completion bash)", in ~/.bashrc to keep it. It holds what there was when it was written.
_riotwatch() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} place=1
    while [[ ${{COMP_WORDS[place - 1]}} != *manage.py ]]; do
        ((place++ < COMP_CWORD)) || return  # of python: another program than ours
    done
    if ((COMP_CWORD == place)); then
        mapfile -t COMPREPLY < <(compgen -W {commands} -- "$word")
        return
    fi
    case ${{COMP_WORDS[place]}} in
{cases}
    esac
}}
complete -o default -F _riotwatch manage.py python python3
"""
CASE = '        {name}) mapfile -t COMPREPLY < <(compgen -W {words} -- "$word") ;;'
COMMON = frozenset({"-h", "--help", "-v", "--verbosity", "--version", "--settings", "--pythonpath", "--traceback"})
COMMON_TOO = frozenset({"--no-color", "--force-color", "--skip-checks"})


class Command(BaseCommand):
    """Needs no servers: jobs and options are in the code."""

    help = 'Print a script for the shell: eval "$(.venv/bin/python manage.py completion bash)".'
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare which shell."""
        parser.epilog = "Exit codes: 0 done, 2 bad input."
        parser.add_argument("shell", choices=["bash"])
        parser.add_argument("--json", action="store_true", help="print the words of each command as JSON")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Print it."""
        del args
        words = words_of_commands()
        self.stdout.write(json.dumps(words, indent=2) if options["json"] else script(words))


def words_of_commands() -> dict[str, list[str]]:
    """What may stand behind each command of ours: its options, its choices and, where it takes one, the job ids."""
    ours = sorted(name for name, package in get_commands().items() if package.startswith("riotwatch"))
    return {name: _words_of(name, get_commands()[name]) for name in ours}


def _words_of(name: str, package: str) -> list[str]:
    parser = load_command_class(package, name).create_parser("manage.py", name)
    words: set[str] = set()
    for action in parser._actions:
        words |= set(action.option_strings) - COMMON - COMMON_TOO
        if not action.option_strings:
            words |= set(action.choices or ()) | set(_job_ids() if action.dest == "job_id" else ())
    return sorted(words)


def _job_ids() -> list[str]:
    return [job.job_id for job in registry.all_jobs()]


def script(words: dict[str, list[str]]) -> str:
    """The shell's function."""
    cases = [CASE.format(name=name, words=shlex.quote(" ".join(its))) for name, its in words.items()]
    return SCRIPT.format(commands=shlex.quote(" ".join(words)), cases="\n".join(cases))
