"""An operator at the admin of a real web process."""

import time

import requests
from django.contrib.auth import get_user_model

PASSWORD = "secret-of-the-fault-tests"


class Operator:
    """Signed in; triggers jobs, and asks whether the process is ready."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.session = requests.Session()

    def sign_in(self) -> None:
        users = get_user_model().objects
        if not users.filter(username="operator").exists():
            users.create_superuser("operator", password=PASSWORD)
        self.session.get(f"{self.base}/admin/login/", timeout=30)
        answer = self._post("/admin/login/?next=/admin/", {"username": "operator", "password": PASSWORD})
        assert "sessionid" in self.session.cookies, answer.status_code

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.base}/healthz", timeout=10).ok
        except requests.ConnectionError:
            return False

    def readiness(self) -> int:
        return requests.get(f"{self.base}/readyz", timeout=30).status_code

    def run_now(self, job_id: str) -> requests.Response:
        """The action of the list of jobs."""
        form = {"action": "run_now", "_selected_action": job_id}
        return self._post("/admin/riotwatch_jobs/jobconfiguration/", form)

    def trigger(self, job_id: str) -> float:
        """The same where it is to succeed; returns how long the answer took, in seconds."""
        began = time.monotonic()
        answer = self.run_now(job_id)
        assert answer.status_code == 302, answer.text[:500]
        return time.monotonic() - began

    def _post(self, path: str, form: dict[str, str]) -> requests.Response:
        token = self.session.cookies["csrftoken"]
        data = {**form, "csrfmiddlewaretoken": token}
        return self.session.post(f"{self.base}{path}", data=data, timeout=60, allow_redirects=False)
