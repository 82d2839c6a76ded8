"""The form for an import: a file, of which shape it is, and into which list it goes."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib.auth.models import User

from matching.importers import FORMATS, FileMissing, MappingInvalid, files, queue
from matching.models import HashList, ImportRun

LABELS: Final = {
    "signatures": "signatures (JSON lines)",
    "csv": "CSV, by a mapping",
    "ncmec": "NCMEC hash sharing (XML)",
    "vics": "Project VIC (JSON)",
    "stopncii": "StopNCII (JSON)",
    "threatexchange": "ThreatExchange or HMA (CSV)",
    "signals": "signal file",
}
CHOICES: Final = [(name, LABELS[name]) for name in FORMATS if name in LABELS]


class MappingField(forms.JSONField):
    """JSON, of which nothing is shown as nothing."""

    def prepare_value(self, value: Any) -> Any:
        return "" if value is None else super().prepare_value(value)


class ImportForm(forms.Form):
    """Valid, it has queued a dry run of the import: `run`."""

    hash_list = forms.ModelChoiceField(HashList.objects.all(), label="List")
    format = forms.ChoiceField(choices=CHOICES)
    file = forms.FileField(
        required=False, help_text="Kept for the service alone until the import has ended."
    )
    mounted = forms.ChoiceField(
        label="Or a mounted file",
        required=False,
        help_text="From the folder in which an operator puts large files.",
    )
    mapping = MappingField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "cols": 60, "spellcheck": "false", "class": "hex"}),
        help_text="For CSV and Project VIC: what columns and categories mean. "
        "Left empty, the list's own mapping holds.",
    )

    run: ImportRun

    def __init__(self, person: User, *data: Any, **told: Any) -> None:
        super().__init__(*data, **told)
        self._person = person
        offered = self.fields["mounted"]
        if isinstance(offered, forms.ChoiceField):
            offered.choices = [("", "none"), *((name, name) for name in files.mounted())]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if self.errors:
            return given
        if bool(given["file"]) == bool(given["mounted"]):
            raise forms.ValidationError("Choose a file: either your own or a mounted one.")
        try:
            self.run = self._accepted(given)
        except MappingInvalid as error:
            self.add_error("mapping", f"{error}.")
        except FileMissing as error:
            self.add_error("mounted", f"{error}.")
        return given

    def _accepted(self, given: dict[str, Any]) -> ImportRun:
        terms = {
            "hash_list": given["hash_list"],
            "format": given["format"],
            "actor": self._person,
            "mapping": given["mapping"],
        }
        if given["mounted"]:
            return queue.accept_mounted(name=given["mounted"], **terms)
        file = given["file"]
        return queue.accept_upload(chunks=file.chunks(), file_name=file.name, **terms)
