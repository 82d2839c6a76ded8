"""The page that takes a list out of the service: in which format, by whom, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone

from matching.importers import FORMATS, MappingInvalid, export_list
from matching.models import HashList
from tenants.admin.rows import person_of

LONGEST_REASON: Final = 500


class Shape(NamedTuple):
    """How a format is offered, and what its files are."""

    label: str
    extension: str
    content_type: str


SHAPES: Final = {
    "signatures": Shape("signatures (JSON lines)", "jsonl", "application/x-ndjson"),
    "csv": Shape("CSV, by the list's mapping", "csv", "text/csv"),
    "ncmec": Shape("NCMEC hash sharing (XML)", "xml", "application/xml"),
    "vics": Shape("Project VIC 2.0 (JSON)", "json", "application/json"),
    "vics-1.3": Shape("Project VIC 1.3 (JSON)", "json", "application/json"),
    "stopncii": Shape("StopNCII (JSON)", "json", "application/json"),
    "threatexchange": Shape("ThreatExchange or HMA (CSV)", "csv", "text/csv"),
    "signals": Shape("signal file", "txt", "text/plain"),
}


class ExportForm(forms.Form):
    """Valid, the export is recorded and about to begin: `pieces` are the file."""

    format = forms.ChoiceField(choices=[(name, SHAPES[name].label) for name in FORMATS])
    reason = forms.CharField(
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text="Who asked for it, and what for. Kept in the audit log.",
        error_messages={"required": "A reason is needed."},
    )

    pieces: Iterator[bytes]

    def __init__(self, hash_list: HashList, person: User, data: Any = None) -> None:
        super().__init__(data)
        self._hash_list, self._person = hash_list, person

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            try:
                self.pieces = export_list(
                    hash_list=self._hash_list, actor=self._person, **self.cleaned_data
                )
            except MappingInvalid as error:
                self.add_error("format", f"The list's mapping: {error}.")
        return self.cleaned_data


def export_view(
    request: HttpRequest, hash_list: HashList, context: dict[str, Any]
) -> HttpResponseBase:
    """Ask for format and reason; then the file, streamed."""
    asked = request.POST if request.method == "POST" else None
    form = ExportForm(hash_list, person_of(request), asked)
    if form.is_valid():
        return _file(form, hash_list)
    return _question(request, {**context, "form": form, "hash_list": hash_list})


def _file(form: ExportForm, hash_list: HashList) -> StreamingHttpResponse:
    shape = SHAPES[form.cleaned_data["format"]]
    name = f"{hash_list.slug}-{timezone.now():%Y-%m-%d}.{shape.extension}"
    response = StreamingHttpResponse(form.pieces, content_type=shape.content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def _question(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(request, "admin/matching/hashlist/export.html", context)
