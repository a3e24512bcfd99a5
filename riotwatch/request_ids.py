"""An id for each web request: in the answer's header, and in every log line that the request causes."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from structlog.contextvars import bind_contextvars, clear_contextvars

HEADER = "X-Request-ID"
USABLE = re.compile(r"[\w.:-]{1,64}", re.ASCII)


class RequestIds:
    """Middleware, the first of all: takes the id that a proxy or a caller gives, or makes one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The id stays bound until this thread's next request: Django logs refusals after the last middleware."""
        given = request.headers.get(HEADER, "")
        request_id = given if USABLE.fullmatch(given) else uuid.uuid4().hex
        clear_contextvars()
        bind_contextvars(request=request_id)
        response = self._get_response(request)
        response.headers[HEADER] = request_id
        return response
