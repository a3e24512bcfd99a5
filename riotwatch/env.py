"""Reading the environment: typed, and refusing bad values by name.

Values come from the process environment; a `.env` file in the checkout fills in what the environment lacks.
Reading changes nothing: child processes, linters and type checkers may import this freely.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from dotenv import dotenv_values

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off", ""})


class BadVariable(ImproperlyConfigured):
    """An environment variable holds a value that cannot be used; the text names it and the remedy."""

    def __init__(self, name: str, problem: str) -> None:
        self.name = name
        super().__init__(f"{name} {problem}")


class Environment:
    """The variables of one process, with `.env` behind them. An empty value counts as not set."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    @classmethod
    def load(cls, dotenv: Path) -> "Environment":
        """The process environment, completed by the file `dotenv` where it exists."""
        from_file = {name: value for name, value in dotenv_values(dotenv).items() if value is not None}
        given = {name: value for name, value in os.environ.items() if value.strip()}
        return cls({**from_file, **given})

    def text(self, name: str, default: str = "") -> str:
        """The value without surrounding blanks, or `default`."""
        return self._variables.get(name, "").strip() or default

    def integer(self, name: str, default: int, *, least: int, most: int) -> int:
        """A whole number from `least` to `most`."""
        raw = self.text(name)
        if not raw:
            return default
        if not re.fullmatch(r"[+-]?\d{1,18}", raw):
            raise BadVariable(name, f"must be a whole number, not {raw!r}.")
        value = int(raw)
        if not least <= value <= most:
            raise BadVariable(name, f"must be from {least} to {most}, not {value}.")
        return value

    def optional_integer(self, name: str, *, least: int, most: int) -> int | None:
        """A whole number from `least` to `most`, or None where the variable is not set."""
        return self.integer(name, least, least=least, most=most) if self.text(name) else None

    def flag(self, name: str, default: bool) -> bool:  # noqa: FBT001 - the default of a yes/no variable
        """Yes or no, in any of the usual words."""
        raw = self.text(name).lower()
        if not raw:
            return default
        if raw in TRUE_WORDS:
            return True
        if raw in FALSE_WORDS:
            return False
        raise BadVariable(name, f"must be true or false, not {raw!r}.")

    def words(self, name: str, default: tuple[str, ...] = ()) -> list[str]:
        """A comma-separated list."""
        return [word.strip() for word in self.text(name, ",".join(default)).split(",") if word.strip()]

    def matching_words(self, name: str, *, pattern: str, example: str) -> list[str]:
        """A comma-separated list of words of a fixed form."""
        words = self.words(name)
        if not all(re.fullmatch(pattern, word) for word in words):
            raise BadVariable(name, f"must be a list, separated by commas, of words such as {example}.")
        return words

    def named_urls(self, name: str, *, example: str) -> dict[str, str]:
        """Addresses by name, as `name=scheme://…`, separated by commas, blanks or lines; an address may hold commas.

        The message never repeats the value: addresses may hold passwords and tokens.
        """
        entries = [entry for entry in re.split(r"[,\s]+(?=[\w-]+=\w+://|$)", self.text(name)) if entry]
        found = [re.fullmatch(r"([\w-]{1,40})=(\w+://\S+)", entry) for entry in entries]
        named = {one[1]: one[2] for one in found if one}
        if len(named) < len(entries):
            raise BadVariable(name, f"must be a list of different names with their addresses, such as {example}.")
        return named

    def url(self, name: str, default: str, *, schemes: tuple[str, ...]) -> str:
        """An address with one of `schemes`. The message never repeats the value: it may hold a password."""
        value = self.text(name, default)
        if value and value.partition("://")[0] not in schemes:
            raise BadVariable(name, f"must start with one of {', '.join(f'{scheme}://' for scheme in schemes)}.")
        if not _port_is_readable(value):
            raise BadVariable(name, "has no readable port: write special characters of a password as %XX.")
        return value

    def matching(self, name: str, default: str, *, pattern: str, example: str) -> str:
        """A value of a fixed form."""
        value = self.text(name, default)
        if value and not re.fullmatch(pattern, value):
            raise BadVariable(name, f"must look like {example}.")
        return value


def _port_is_readable(url: str) -> bool:
    try:
        urlsplit(url).port  # noqa: B018 - reading it is the check
    except ValueError:
        return False
    return True
