#!/usr/bin/env python
"""The command line of riotwatch: `manage.py help` lists the commands."""

import os
import sys

# These start the servers themselves, or need none.
WITHOUT_SERVERS = frozenset(
    {
        *("up", "riot_simulator", "doctor", "completion"),
        *("help", "version", "--help", "-h", "--version", "makemigrations"),
        *("analyze_histories", "evaluate_detection", "train_detection"),
    }
)


# These run for long, and their log is what they show.
LOGGING_COMMANDS = frozenset({"up", "riot_simulator", "housekeeping", "runserver"})


def main() -> None:
    """Run one command, attached to the servers of a running `up` where no addresses are given."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "riotwatch.settings")
    from django.core.management import execute_from_command_line

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command not in LOGGING_COMMANDS:
        os.environ.setdefault("LOG_LEVEL", "WARNING")  # a command's answer is not to drown in its log
    needs_servers = command not in WITHOUT_SERVERS or "--labels" in sys.argv
    if needs_servers and not {"--help", "-h"} & set(sys.argv):
        require_servers()
    execute_from_command_line(sys.argv)


def require_servers() -> None:
    """End with the remedy where the embedded servers are needed and do not run."""
    from django.conf import settings

    from riotwatch import embedded

    if not (settings.EMBEDDED_POSTGRES or settings.EMBEDDED_VALKEY):
        return
    try:
        embedded.require_running(
            settings.EMBEDDED_LAYOUT, postgres=settings.EMBEDDED_POSTGRES, valkey=settings.EMBEDDED_VALKEY
        )
    except embedded.ServersNotRunning as problem:
        demo = " (This shell means the demo: RIOT_API_KEY is neither set here nor in .env.)" if settings.DEMO else ""
        sys.exit(f"error: {problem}{demo}")


def say_what_is_wrong() -> None:
    """Run `main`; a setting that cannot be used is one line, not a traceback."""
    from django.core.exceptions import ImproperlyConfigured

    try:
        main()
    except ImproperlyConfigured as problem:
        sys.exit(f"error: {problem}")


if __name__ == "__main__":
    say_what_is_wrong()
