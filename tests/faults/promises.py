"""What is promised for each fault, and within which time.

The tests assert it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Promise:
    """What the tests of one fault hold what they measured against."""

    fault: str
    """What goes wrong."""
    promise: str
    within_s: float | None = None
    """The bound on what is measured, in seconds; None where there is no time to promise."""


PROMISES = {
    "F1": Promise("a pool child is killed", "its item runs again", 45),
    "F2": Promise("a whole worker is killed", "its items run again on another worker", 45),
    "F3": Promise(
        "an item kills its process, always", "it is quarantined after three deaths alone; the others end", 240
    ),
    "F4": Promise("an item works past the time limit of a pool", "it fails, and its scope is free", 45),
    "F5": Promise("workers are told to stop: SIGTERM, SIGQUIT", "they end, and what they had goes on elsewhere", 30),
    "F6": Promise("workers are replaced one by one under load", "no run notices", 60),
    "F7": Promise("the broker is killed and comes back empty", "every queued run goes on", 60),
    "F8": Promise("the broker is killed and comes back with its file", "every queued run goes on", 60),
    "F9": Promise("the broker is killed ten times in a row", "every worker consumes again", 10),
    "F10": Promise(
        "the broker is frozen for 60 s", "a page that triggers a job answers; the run is kept and goes on", 5
    ),
    "F11": Promise("the broker is full", "what was triggered is kept and goes on when there is room", 60),
    "F12": Promise("the connection to the broker is half open", "the worker notices and consumes again", 75),
    "F13": Promise("PostgreSQL crashes and restarts", "all processes live, nothing is half written, work goes on", 15),
    "F14": Promise(
        "PostgreSQL is away for 60 s", "all processes live, readiness is 503, work goes on when it is back", 15
    ),
    "F15": Promise("a deadlock; no connection left", "the work is done again", 60),
    "F16": Promise("two or three beats run", "each slot exactly once", 5),
    "F17": Promise("of three beats one is killed, one frozen for 8 s", "each slot exactly once, without a gap", 5),
    "F18": Promise(
        "no beat runs over a slot", "it is made up for once within its window, or recorded as missed; never early"
    ),
    "F19": Promise("beat is killed between a run's row and its message", "the slot makes one run, which is sent", 45),
    "F20": Promise("clocks change, in three zones", "a daily job runs once a day, at the listed instants"),
    "F21": Promise(
        "clocks of hosts are wrong by ten minutes or an hour, or are set by as much",
        "no slot is early or late, and no worker is declared dead",
        5,
    ),
    "F22": Promise(
        "50 switch a schedule at once", "the last one's word counts, nothing fires for the past, beat sees a change", 5
    ),
    "F23": Promise("a message is published 50 times, and delivered again while its item runs", "one effect"),
    "F24": Promise("a process is killed between commit and publishing", "the run goes on: it is sent again", 30),
    "F25": Promise("the transaction that triggers is rolled back", "no run, and no message"),
    "F26": Promise(
        "a run is cancelled: pending, waiting, queued, running, snoozed, to be retried; with its workers dead",
        "it ends without a worker, stays ended over a restart of all workers, and leaves one entry in the history",
        5,
    ),
    "F27": Promise(
        "Riot answers 429, 5xx, late, by halves or garbage; it refuses the key for a while",
        "the budget is kept, no item burns its attempts, the refusal is told once, and work goes on",
        75,
    ),
    "F28": Promise(
        "100,000 items wait", "no process grows; a person's item and a more urgent lane's start at once", 10
    ),
    "F29": Promise("2,000 runs in a row", "no process, no queue and no table of open work grows"),
    "F30": Promise(
        "a worker, beat, housekeeping, web, Flower or the broker is missing",
        "`job_health` names it, since when and what helps; the dead man's switch is not asked any more",
        60,
    ),
    "F31": Promise(
        "the disk is full: under the database and the broker, under the logs",
        "all processes live, `job_health` tells of it, nothing is half written, and work goes on when there is room",
        60,
    ),
    "F32": Promise(
        "an old worker meets jobs, tasks and arguments of new code",
        "it says so and leaves them to workers that know them: nothing is lost or failed",
        60,
    ),
    "F33": Promise(
        "an item hangs in its thread",
        "its run ends, its scope is free, its late end counts for nothing; it is told",
        60,
    ),
    "F34": Promise("a worker lives and takes nothing", "others do its work, and `job_health` names it", 180),
}
