"""Hand a batch over, look how far it is, fetch its results."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from django.db import transaction
from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from matching.answers.items import NDJSON, result_lines
from matching.api.batches.bodies import items_of
from matching.api.bodies import FLAGS, flag_of
from matching.batches import BatchDraft, accept, batch_of, progress_of, take_in
from matching.curation import Conflict
from matching.match import units_of_items
from matching.models import Batch
from matching.serializers import HashResultSerializer
from matching.tasks import ring_for_batch
from tenants.api.idempotency import idempotent
from tenants.api.schema import SOME_BYTES
from tenants.audit.record import Actor, record
from tenants.authentication import key_of
from tenants.charges import charge

PERCEPTUAL_SCOPE = "match:hash"
STATUSES = ["accepted", "running", "finished"]


class AcceptedSerializer(serializers.Serializer[Any]):
    """The batch is safe: every item gets its answer."""

    batch_id = serializers.CharField()
    status = serializers.CharField(help_text="accepted")
    total = serializers.IntegerField()


class BatchSerializer(serializers.Serializer[Any]):
    """How far a batch is, in items."""

    batch_id = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES)
    total = serializers.IntegerField()
    done = serializers.IntegerField()
    matched = serializers.IntegerField()
    failed = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class BatchesView(APIView):
    required_scope = "batch"

    @extend_schema(
        operation_id="submit_batch",
        summary="Check many images, addresses or hashes",
        description="NDJSON with an item a line (`content_id` and one of `image` in base64, `url`, "
        "or hashes), a form with many files, or a ZIP of images.",
        parameters=[
            OpenApiParameter("enhance", str, enum=list(FLAGS), description="Also look for parts.")
        ],
        request={
            NDJSON: SOME_BYTES,
            "application/zip": SOME_BYTES,
            "multipart/form-data": {
                "type": "object",
                "required": ["image"],
                "properties": {
                    "image": {
                        "type": "array",
                        "minItems": 1,
                        "items": {"type": "string", "format": "binary"},
                    }
                },
            },
        },
        responses={202: AcceptedSerializer},
    )
    def post(self, request: Request) -> Response:
        may_look_up_pdq = PERCEPTUAL_SCOPE in key_of(request).scopes
        # Read before the Idempotency-Key is looked at: what was sent is part of the question.
        draft = take_in(items_of(request._request, may_look_up_pdq=may_look_up_pdq))
        try:
            enhance = bool(flag_of(request.query_params.get("enhance")))
            return self._accepted(request, draft=draft, enhance=enhance)
        finally:
            draft.discard()

    @idempotent(payload=lambda draft, enhance: sha256(draft.digest + bytes([enhance])).digest())
    def _accepted(self, request: Request, draft: BatchDraft, enhance: bool) -> Response:
        charge(units_of_items(draft.hashes) + draft.total - draft.hashes)
        batch = accept(key=key_of(request), draft=draft, enhance=enhance)
        transaction.on_commit(lambda: ring_for_batch(batch.public_id))
        body = {"batch_id": batch.public_id, "status": "accepted", "total": batch.total}
        return Response(body, status=202)


class BatchView(APIView):
    required_scope = "batch"

    @extend_schema(
        operation_id="batch", summary="How far a batch is", responses={200: BatchSerializer}
    )
    def get(self, request: Request, batch_id: str) -> Response:
        batch = batch_of(key=key_of(request), public_id=batch_id)
        progress = progress_of(batch)
        _record_reading(request, batch)
        return Response(
            {
                "batch_id": batch.public_id,
                "status": progress.status,
                "total": progress.total,
                "done": progress.done,
                "matched": progress.matched,
                "failed": progress.failed,
                "created_at": batch.created_at,
                "finished_at": batch.finished_at,
            }
        )


class BatchResultsView(APIView):
    required_scope = "batch"

    @extend_schema(
        operation_id="batch_results",
        summary="The verdicts of a finished batch",
        description="NDJSON, one line an item, in their order.",
        responses={(200, NDJSON): HashResultSerializer},
    )
    def get(self, request: Request, batch_id: str) -> StreamingHttpResponse:
        batch = batch_of(key=key_of(request), public_id=batch_id)
        if batch.finished_at is None:
            raise Conflict("the batch is not finished yet; its state tells how far it is")
        _record_reading(request, batch)
        return StreamingHttpResponse(result_lines(batch), content_type=NDJSON)


def _record_reading(request: Request, batch: Batch) -> None:
    key = key_of(request)
    record(
        action="batch.read",
        actor=Actor.key(key),
        tenant=key.tenant,
        target=batch.public_id,
        status=200,
    )
