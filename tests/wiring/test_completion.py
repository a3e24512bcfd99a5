"""`manage.py completion bash`: a real bash completes with it."""

import shlex
import shutil
import subprocess
from io import StringIO

import pytest
from django.core.management import call_command


@pytest.fixture(scope="module")
def script():
    written = StringIO()
    call_command("completion", "bash", stdout=written)
    return written.getvalue()


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        (["manage.py", "trig"], ["trigger_job"]),
        ([".venv/bin/python", "manage.py", "trig"], ["trigger_job"]),
        (["manage.py", "trigger_job", "match_f"], ["match_fetcher"]),
        (["manage.py", "trigger_job", "match_fetcher", "--w"], ["--wait"]),
        (["manage.py", "checklist", "quar"], ["quarterly"]),
        (["manage.py", "doctor", "--"], ["--json"]),
        (["python", "other.py", "trig"], []),
        (["python", ""], []),
        (["manage.py", "no_such_command", "x"], []),
    ],
)
def test_bash_completes(script, line, offered):
    words = " ".join(map(shlex.quote, line))
    ask = f'COMP_WORDS=({words}); COMP_CWORD={len(line) - 1}; _riotwatch; printf "%s\\n" "${{COMPREPLY[@]}}"'
    done = subprocess.run(["bash", "-c", f"{script}\n{ask}"], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.split() == offered
    assert done.stderr == ""
