"""What the admin's pages of players share: rows that are only read, and pages of their own."""

from typing import Any

from django.contrib.admin import ShowFacets
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from riotwatch_pages.read_only import ReadOnlyAdmin

LISTED_PER_PAGE = 50


class CountedList(ChangeList):
    """Where nothing is narrowed down, all there is has been counted: no second count, and no offer to show all."""

    def get_results(self, request: HttpRequest) -> None:
        """The rows of the page."""
        super().get_results(request)
        if not self.model_admin.show_full_result_count and not self.query and not self.has_active_filters:
            self.full_result_count = self.result_count


class PageAdmin(ModelAdmin):
    """Rows with a page of their own in place of a form; what changes something is posted to other addresses."""

    page_template: str
    list_before_template = "riotwatch_players/list_intro.html"
    list_intro = ""
    """What the list shows, in one sentence."""
    empty_hint = ""
    """What to do while there is nothing to show."""
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # they would count millions of rows for every choice
    list_per_page = LISTED_PER_PAGE

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ANN401
        """The list."""
        del request, kwargs
        return CountedList

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:  # noqa: ANN401 - the admin's model
        """What the page's template shows of a row."""
        raise NotImplementedError

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        """The page of a row, for whoever may see it."""
        del form_url
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        row = self.get_object(request, unquote(object_id))
        if row is None:
            missing: HttpResponseBase = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return missing
        context = self.admin_context(request, title=str(row)) | {"original": row, "object_id": row.pk}
        context |= self.page_context(request, row) | (extra_context or {})
        return TemplateResponse(request, self.page_template, context)

    def admin_context(self, request: HttpRequest, *, title: str) -> dict[str, Any]:
        """What every page of the admin needs."""
        context: dict[str, Any] = self.admin_site.each_context(request)
        return context | {"opts": self.opts, "title": title}


class RecordAdmin(ReadOnlyAdmin, PageAdmin):
    """Records with a page of their own that nobody changes by hand."""
