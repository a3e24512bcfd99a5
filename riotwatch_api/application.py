"""django-ninja's application, with our errors and a description that tells of them."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from riotwatch_api import access, problems
from riotwatch_api.http import route_of
from riotwatch_api.models import Role
from riotwatch_api.problems import KINDS, Problem, ProblemOut

Translation = Mapping[type[Exception], Callable[[Any], Problem]]
"""From an exception of ours to the problem that callers are told."""

log = structlog.stdlib.get_logger(__name__)


def needs(role: Role) -> dict[str, Any]:
    """What the description says about who may; the handler says it to whoever comes."""
    return {"x-role": role.value}


class Api(NinjaAPI):
    """All endpoints, once routers are added."""

    def __init__(self, *, is_outage: Callable[[Exception], bool], **described: Any) -> None:  # noqa: ANN401 - ninja's own
        """`is_outage` tells a database that is away, which passes, from a bug."""
        self._is_outage = is_outage  # before ninja asks for the handlers
        super().__init__(**described)

    def translate(self, translation: Translation) -> None:
        """Answer these exceptions as problems."""
        for kind, problem_of in translation.items():
            self.add_exception_handler(kind, lambda request, error, of=problem_of: of(error).response())  # type: ignore[misc]

    def set_default_exception_handlers(self) -> None:
        """Problems, also for what nobody foresaw: logged here, and not told."""
        self.translate(
            {
                Problem: lambda problem: problem,
                AuthenticationError: lambda error: access.unauthenticated(),
                HttpError: _of_http_error,
                Http404: lambda error: Problem("not-found", str(error) or "there is no such thing"),
                ValidationError: lambda error: problems.of_validation(error.errors),
                SuspiciousOperation: _of_refused_request,
            }
        )
        self.add_exception_handler(Exception, self._of_anything_else)

    def _of_anything_else(self, request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
        if isinstance(error, Exception) and self._is_outage(error):
            return _of_lost_database(error).response()
        return _unforeseen(request, error)

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The handler's name, which is unique."""
        return operation.view_func.__name__

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """With the problems that any operation may answer."""
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        own = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
        schema["components"]["schemas"] |= {**own.pop("$defs"), "ProblemOut": own}
        for operations in schema["paths"].values():
            for operation in operations.values():
                _tell_problems(operation)
                _name_examples_once(operation)
        return schema


def _of_http_error(error: HttpError) -> Problem:
    return Problem(problems.kind_of_status(error.status_code), error.message)


def _of_refused_request(error: SuspiciousOperation) -> Problem:
    if isinstance(error, RequestDataTooBig):
        return Problem(
            "bad-request", f"the body is over {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes: send less at once"
        )
    return Problem("bad-request", "the request is not one that can be trusted: send it anew, as the documentation says")


def _of_lost_database(error: Exception) -> Problem:
    log.error("api_without_database", problem=type(error).__name__)
    return Problem("unavailable", "the database does not answer: try again in a few seconds")


def _unforeseen(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    log.error(
        "api_error",
        method=request.method,
        route=route_of(request),
        exc_info=error if isinstance(error, Exception) else True,
    )
    got_request_exception.send(sender=None, request=request)
    return Problem("error", "this is a bug: what happened stands in the log of the web process").response()


def _tell_problems(operation: dict[str, Any]) -> None:
    role = operation["x-role"]
    operation["description"] = f"{operation.get('description', '')}\n\nTakes the role **{role}**.".strip()
    unlikely = {405, 500} if _takes_anything(operation) else {405, 422, 500}
    for status, described in sorted(_PROBLEM_RESPONSES.items()):
        if status not in unlikely:
            operation["responses"].setdefault(status, described)


def _problem_response(kind: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ProblemOut"}
    example = problems.example(kind, "what happened, and what to do about it")
    return {"description": KINDS[kind][1], "content": {problems.MEDIA_TYPE: {"schema": schema, "example": example}}}


# Of several kinds with one status the first is the example.
_PROBLEM_RESPONSES = {KINDS[kind][0].value: _problem_response(kind) for kind in reversed(KINDS)}


def _name_examples_once(operation: dict[str, Any]) -> None:
    """They stand in a parameter's schema; beside it OpenAPI has another form for them, which nobody wrote."""
    for parameter in operation["parameters"]:
        parameter.pop("examples", None)


def _takes_anything(operation: dict[str, Any]) -> bool:
    return bool(operation["parameters"] or "requestBody" in operation)
