"""What all responses of the API have in common, whoever made them."""

from collections.abc import Callable
from http import HTTPStatus

import structlog
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers, set_response_etag

from riotwatch_api import problems
from riotwatch_api.access import HEADER
from riotwatch_api.problems import Problem

ROOT = "/api/v1/"
Answer = Callable[[HttpRequest], HttpResponseBase]

log = structlog.stdlib.get_logger(__name__)


class ApiResponses:
    """Middleware: errors that Django answers itself become problems, what is read gets an ETag, nothing is cached.

    An ETag is the hash of the body: who has it already is spared the transfer, not us the work.
    """

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Other addresses pass through."""
        response = self._get_response(request)
        if not request.path.startswith(ROOT) or not isinstance(response, HttpResponse):
            return response
        if response.status_code >= HTTPStatus.BAD_REQUEST and not problems.is_problem(response):
            response = _as_problem(request, response)
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            _log(request, response)
        response.headers.setdefault("Cache-Control", "private, no-cache")
        patch_vary_headers(response, [HEADER, "Cookie"])
        return _conditional(request, response)


def route_of(request: HttpRequest) -> str:
    """The address without what stands in it: puuids do not belong in logs."""
    return request.resolver_match.route if request.resolver_match else "none"


def _log(request: HttpRequest, response: HttpResponse) -> None:
    """In place of Django's own line, which names the path with what stands in it."""
    response._has_been_logged = True  # type: ignore[attr-defined]
    log.info("api_refused", method=request.method, route=route_of(request), status=response.status_code)


def _as_problem(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    kind = problems.kind_of_status(response.status_code)
    allowed = response.headers.get("Allow", "")
    details = {
        "not-found": f"nothing is at {request.path}: {ROOT}docs shows what there is",
        "method-not-allowed": f"{request.method} is not possible here; possible: {allowed}",
    }
    detail = details.get(kind, response.reason_phrase)
    return Problem(kind, detail, headers={"Allow": allowed} if allowed else {}).response()


def _conditional(request: HttpRequest, response: HttpResponse) -> HttpResponseBase:
    if request.method not in {"GET", "HEAD"} or response.status_code != HTTPStatus.OK:
        return response
    set_response_etag(response)
    return get_conditional_response(request, etag=response.headers.get("ETag"), response=response) or response
