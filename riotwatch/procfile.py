"""The Procfile: names and shell commands, read by `manage.py up` and by any process manager."""

import re
from pathlib import Path

LINE = re.compile(r"(?P<name>[A-Za-z0-9_-]+):\s*(?P<command>\S.*)")


class ProcfileError(Exception):
    """A line that is neither `name: command` nor a comment, or a name given twice."""

    def __init__(self, path: Path, *, line: int) -> None:
        super().__init__(f"{path}, line {line}: expected a new `name: command`.")
        self.path = path
        self.line = line


def read(path: Path) -> dict[str, str]:
    """The commands by name, in the file's order. Raises ProcfileError."""
    commands: dict[str, str] = {}
    for number, text in enumerate(path.read_text().splitlines(), start=1):
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        match = LINE.fullmatch(text.strip())
        if not match or match["name"] in commands:
            raise ProcfileError(path, line=number)
        commands[match["name"]] = match["command"]
    return commands
