"""The table in docs/reliability.md: what is promised, beside what a whole run measured.

`make faults` and `make soak` end with `python tests/faults/table.py var/….jsonl`, which keeps the measurements in
docs/measured and rewrites the table; without a file the table alone, from what is kept.
"""

import json
import re
import statistics
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from promises import PROMISES, Promise

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "reliability.md"
KEPT = ROOT / "docs" / "measured"
BEGIN = "<!-- Written by tests/faults/table.py: from here -->\n"
END = "<!-- to here -->\n"
HEAD = (
    "| | what goes wrong | what is promised | within | median | worst | of | lost | doubled | remarks | test |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|\n"
)
NOT_MEASURED = "not measured yet"
MACHINE = (
    "`make {series}`, {date}: {cpus} CPUs, {memory_gb} GB; Python {python}, PostgreSQL {postgresql}, Valkey {valkey}, "
    "celery {celery}, kombu {kombu}, django-celery-beat {django_celery_beat}.\n"
)

Record = dict[str, Any]


def read(path: Path) -> list[Record]:
    """The machine and the measurements of a run; what else stands in its file is left out."""
    records = [json.loads(line) for line in path.read_text().splitlines()]
    return [record for record in records if "fault" in record or "machine" in record]


def kept() -> list[Record]:
    return [record for path in sorted(KEPT.glob("*.jsonl")) for record in read(path)]


def between_markers(records: Sequence[Record]) -> str:
    """What stands between the markers."""
    machines = [MACHINE.format(**record["machine"]) for record in records if "machine" in record]
    measured = [record for record in records if "fault" in record]
    numbered = sorted(PROMISES, key=lambda fault: int(fault[1:]))
    rows = [row(fault, PROMISES[fault], [r for r in measured if r["fault"] == fault]) for fault in numbered]
    return "\n".join([*machines, HEAD + "".join(rows)])


def row(fault: str, promise: Promise, records: Sequence[Record]) -> str:
    seconds = [second for record in records for second in record["seconds"]]
    notes = dict.fromkeys(record["note"] for record in records if record["note"])
    cells = [
        fault,
        promise.fault,
        promise.promise,
        in_seconds(promise.within_s),
        in_seconds(statistics.median(seconds) if seconds else None),
        in_seconds(max(seconds, default=None)),
        str(len(seconds) or ""),
        *(str(sum(record[name] for record in records)) if records else "" for name in ("lost", "doubled")),
        "; ".join(notes) if records else NOT_MEASURED,
        ", ".join(f"`{path.relative_to(ROOT)}`" for path in tests_of(fault)),
    ]
    return "| " + " | ".join(cells) + " |\n"


def in_seconds(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f} s" if value >= 10 else f"{value:.2g} s"


def tests_of(fault: str) -> list[Path]:
    """The files that measure it."""
    files = [*ROOT.glob("tests/faults/test_*.py"), *ROOT.glob("tests/soak/test_*.py")]
    measures = re.compile(rf"measured\(\s*\"{fault}\"")
    return sorted(path for path in files if measures.search(path.read_text()))


def with_table(text: str, table: str) -> str:
    """The document with what stands between the markers replaced."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def refuse_part(records: Iterable[Record], path: Path) -> None:
    """A run that was broken off, or did not hold what is promised, is not documented."""
    broken = [record["fault"] for record in records if not record.get("held", True)]
    if broken:
        sys.exit(f"{path}: not held: {', '.join(broken)}")


def main(measured: Sequence[str]) -> None:
    for path in map(Path, measured):
        refuse_part(read(path), path)
        KEPT.mkdir(exist_ok=True)
        lines = [json.dumps(record) + "\n" for record in read(path)]
        (KEPT / path.name).write_text("".join(lines))
    DOCUMENT.write_text(with_table(DOCUMENT.read_text(), between_markers(kept())))


if __name__ == "__main__":
    main(sys.argv[1:])
