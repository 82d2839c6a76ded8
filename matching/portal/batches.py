"""Batches: how far each is, and its results as a file."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from matching.access import NotFound
from matching.answers.items import NDJSON, result_lines
from matching.batches import batch_of_tenant, batches_of, progress_of, progress_of_each
from matching.models import Batch
from tenants.audit.record import record
from tenants.memberships import Permission
from tenants.portal.examples import BATCH, service_url
from tenants.portal.views import PortalView

SHOWN = 25


class BatchesView(PortalView):
    """Newest first; older ones by the id of the last one shown."""

    permission = Permission.SUBMISSIONS

    def get(self, request: HttpRequest) -> HttpResponse:
        try:
            rows = batches_of(tenant=self.tenant, before=request.GET.get("before", ""))
        except NotFound as error:
            raise Http404 from error
        found = list(rows[: SHOWN + 1])
        shown = found[:SHOWN]
        record(action="batch.read", actor=self.actor, tenant=self.tenant, status=200)
        return self.page(
            "portal/batches.html",
            batches=list(zip(shown, progress_of_each(shown), strict=True)),
            older=shown[-1].public_id if len(found) > SHOWN else None,
            curl=BATCH.format(url=service_url(request)),
        )


class BatchProgressView(PortalView):
    """How far one batch is: a part of the page that asks until it is finished."""

    permission = Permission.SUBMISSIONS

    def get(self, request: HttpRequest, batch_id: str) -> HttpResponse:  # noqa: ARG002
        batch = _found(self, batch_id)
        _record_reading(self, batch)
        return self.page("portal/batch_progress.html", batch=batch, progress=progress_of(batch))


class BatchResultsView(PortalView):
    """What `GET /v1/batches/{id}/results` answers, as a file."""

    permission = Permission.SUBMISSIONS

    def get(self, request: HttpRequest, batch_id: str) -> HttpResponseBase:
        batch = _found(self, batch_id)
        if batch.finished_at is None:
            messages.error(request, "The batch is not finished yet.")
            return self.go("portal-batches")
        _record_reading(self, batch)
        name = f'attachment; filename="{batch.public_id}.ndjson"'
        answer = StreamingHttpResponse(result_lines(batch), content_type=NDJSON)
        answer["Content-Disposition"] = name
        return answer


def _found(view: PortalView, batch_id: str) -> Batch:
    try:
        return batch_of_tenant(tenant=view.tenant, public_id=batch_id)
    except NotFound as error:
        raise Http404 from error


def _record_reading(view: PortalView, batch: Batch) -> None:
    record(
        action="batch.read",
        actor=view.actor,
        tenant=view.tenant,
        target=batch.public_id,
        status=200,
    )
