"""Imports: begin one, watch it, see what it would do, then let it, and approve what it brought."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from celery import current_app
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from matching.admin.badges import word_badge
from matching.admin.history import terms_of_run
from matching.admin.import_form import ImportForm
from matching.admin.outlook import of_import
from matching.admin.uploads import DeliveryHandler
from matching.curation import Conflict
from matching.importers import queue
from matching.models import ImportRun
from tenants.admin.display import by_whom, moment
from tenants.admin.rows import ReadOnlyAdmin, person_of
from tenants.audit.record import Actor, record

State = ImportRun.State
UNDER_WAY: Final = (State.QUEUED, State.RUNNING)
LONGEST_REASON: Final = 500


class _Echo:
    """A file whose write gives the text back."""

    def write(self, text: str) -> str:
        return text


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin[ImportRun]):
    change_form_template = "admin/matching/importrun/change.html"
    list_display = (
        "file_name",
        "hash_list",
        "format",
        "state_badge",
        "added",
        "changed",
        "retired",
        "refused",
        "started",
    )
    list_select_related = ("hash_list", "created_by")
    list_filter = ("state", "hash_list")
    newest_first = True
    fields = (
        "file_name",
        "hash_list",
        "format",
        "state_badge",
        "started",
        "finished",
        "approved",
        "entries",
    )
    readonly_fields = ("state_badge", "started", "finished", "approved", "entries")

    def history_terms(self, obj: ImportRun) -> list[str]:
        return terms_of_run(obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("matching.add_importrun")

    def get_urls(self) -> list[URLPattern]:
        views: dict[str, Callable[..., Any]] = {
            "progress": self.progress_view,
            "refusals": self.refusals_view,
            "proceed": self.proceed_view,
            "cancel": self.cancel_view,
            "approve": self.approve_view,
        }
        return [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(view),
                name=f"matching_importrun_{name}",
            )
            for name, view in views.items()
        ] + super().get_urls()

    @method_decorator(csrf_exempt)
    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",  # noqa: ARG002
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> HttpResponse:
        """The form's token is checked in it: only after the handlers of uploads are chosen."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        request.upload_handlers = [DeliveryHandler(request)]
        return self._add_view(request)

    @method_decorator(csrf_protect)
    def _add_view(self, request: HttpRequest) -> HttpResponse:
        given = (request.POST, request.FILES) if request.method == "POST" else ()
        chosen = {"hash_list": request.GET.get("list")}
        form = ImportForm(person_of(request), *given, initial=chosen)
        if form.is_bound and form.is_valid():
            _wake_a_worker()
            return self._to(form.run)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": "Import a file",
            "form": form,
        }
        return TemplateResponse(request, "admin/matching/importrun/add.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        run = self.get_object(request, object_id)
        context = self._told(request, run) if run else {}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The part of the page that changes; the whole page once the run has come to a rest."""
        run = self._run(request, pk)
        response = TemplateResponse(
            request, "admin/matching/importrun/progress.html", self._told(request, run)
        )
        if run.state not in UNDER_WAY:
            response["HX-Refresh"] = "true"
        return response

    def refusals_view(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """Line and reason of every refused record that is kept, as CSV."""
        run = self._run(request, pk)
        record(
            action="admin.read",
            actor=Actor.user(person_of(request)),
            target=self.audit_target(run),
            data={"refusals": run.refused},
        )
        response = StreamingHttpResponse(_refusal_lines(run), content_type="text/csv")
        response["Content-Disposition"] = f'attachment; filename="import-{run.pk}-refusals.csv"'
        return response

    @method_decorator(require_POST)
    def proceed_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._act(request, pk, self._proceed, "The import was begun.", "add")

    @method_decorator(require_POST)
    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._act(request, pk, self._cancel, "The import was cancelled.", "add")

    @method_decorator(require_POST)
    def approve_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._act(request, pk, self._approve, "The entries are in force.", "approve")

    def _act(
        self,
        request: HttpRequest,
        pk: int,
        act: Callable[[HttpRequest, ImportRun, User], None],
        done: str,
        permission: str,
    ) -> HttpResponse:
        run = self._run(request, pk)
        if not request.user.has_perm(f"matching.{permission}_importrun"):
            raise PermissionDenied
        try:
            act(request, run, person_of(request))
        except Conflict as error:
            self.message_user(request, f"Not done: {error}.", messages.ERROR)
        else:
            self.message_user(request, done, messages.SUCCESS)
        return self._to(run)

    def _proceed(self, request: HttpRequest, run: ImportRun, person: User) -> None:  # noqa: ARG002
        queue.proceed(run=run, actor=person)
        _wake_a_worker()

    def _cancel(self, request: HttpRequest, run: ImportRun, person: User) -> None:  # noqa: ARG002
        queue.cancel(run=run, actor=person)

    def _approve(self, request: HttpRequest, run: ImportRun, person: User) -> None:
        reason = request.POST.get("reason", "")[:LONGEST_REASON]
        queue.approve_run(run=run, actor=person, reason=reason)

    def _run(self, request: HttpRequest, pk: int) -> ImportRun:
        if not self.has_view_permission(request):
            raise PermissionDenied
        run = ImportRun.objects.select_related("hash_list", "created_by").filter(pk=pk).first()
        if run is None:
            raise Http404
        return run

    def _told(self, request: HttpRequest, run: ImportRun) -> dict[str, Any]:
        person = person_of(request)
        may_add = person.has_perm("matching.add_importrun")
        may_approve = person.has_perm("matching.approve_importrun")
        waits = run.state == State.FINISHED and run.approved_by_id is None
        approvable = waits and bool(run.added + run.changed + run.unchanged)
        return {
            "run": run,
            "under_way": run.state in UNDER_WAY,
            "percent": run.percent,
            "may_proceed": may_add and run.state == State.CHECKED,
            "may_cancel": may_add and run.state in (*UNDER_WAY, State.CHECKED),
            "may_approve": may_approve and approvable,
            "outlook": of_import(run) if approvable else None,
            "is_own": run.created_by_id == person.pk,
            "counts": [
                (name, getattr(run, name))
                for name in ("added", "changed", "retired", "unchanged", "refused")
            ],
        }

    def _to(self, run: ImportRun) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:matching_importrun_change", args=[run.pk]))

    @admin.display(description="state")
    def state_badge(self, obj: ImportRun) -> SafeString:
        return word_badge(obj.state)

    @admin.display(description="started")
    def started(self, obj: ImportRun) -> str:
        return by_whom(obj.created_by, obj.created_at)

    @admin.display(description="finished")
    def finished(self, obj: ImportRun) -> str:
        return moment(obj.finished_at)

    @admin.display(description="approved")
    def approved(self, obj: ImportRun) -> str:
        return by_whom(obj.approved_by, obj.approved_at) if obj.approved_at else "not as a whole"

    @admin.display(description="entries")
    def entries(self, obj: ImportRun) -> SafeString:
        return format_html(
            '<a href="{}?{}">Entries of this import</a>',
            reverse("admin:matching_hashentry_changelist"),
            urlencode({"import_run__id__exact": obj.pk}),
        )


def _wake_a_worker() -> None:
    """Ring once the rows are committed. Unheard, it costs the seconds to the next sweep."""
    ring = partial(current_app.send_task, "matching.carry_out_imports", retry=False)
    transaction.on_commit(ring, robust=True)


def _refusal_lines(run: ImportRun) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(["number", "reason"])
    for number, reason in run.refusals.values_list("number", "reason").iterator():
        yield writer.writerow([number, reason])
