"""The form for an entry by hand: a picture, which is hashed and thrown away, or its hashes."""

from __future__ import annotations

from typing import Any

from django import forms

from matching.curation import EntryDraft, draft_of_image
from matching.decoding import decoders, partial_decoders
from matching.hashing import DecoderUnavailable, ImageError, Signal, SignalInvalid, SignalType
from matching.models import HashEntry, HashList, Violation

HEX_FIELDS = (SignalType.SHA256, SignalType.SHA1, SignalType.MD5, SignalType.PDQ)


def _hex_field(label: str, digits: int, help_text: str = "") -> forms.CharField:
    widget = forms.TextInput(
        attrs={"size": digits + 4, "spellcheck": "false", "autocomplete": "off", "class": "hex"}
    )
    return forms.CharField(label=label, required=False, widget=widget, help_text=help_text)


class EntryForm(forms.Form):
    """Valid, it holds the `draft` of one entry."""

    hash_list = forms.ModelChoiceField(HashList.objects.all(), label="List")
    violation = forms.ChoiceField(
        required=False, choices=[("", "as the list says"), *Violation.choices]
    )
    external_id = forms.CharField(
        label="External id",
        required=False,
        max_length=HashEntry._meta.get_field("external_id").max_length,
        help_text="What the source calls it. The list takes each id once.",
    )
    image = forms.FileField(
        label="Picture",
        required=False,
        help_text="Hashed in memory and thrown away at once. No picture is ever stored.",
    )
    sha256 = _hex_field("SHA-256", 64)
    sha1 = _hex_field("SHA-1", 40)
    md5 = _hex_field("MD5", 32)
    pdq = _hex_field("PDQ", 64)
    pdq_quality = forms.IntegerField(
        label="PDQ quality",
        required=False,
        min_value=0,
        max_value=100,
        help_text="Below 50 a PDQ is too flat to be matched.",
    )

    draft: EntryDraft

    @property
    def sections(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields under their headings."""
        names = {
            "Entry": ("hash_list", "violation", "external_id"),
            "A picture": ("image",),
            "Or its hashes": (*(name.value for name in HEX_FIELDS), "pdq_quality"),
        }
        return [(heading, [self[name] for name in part]) for heading, part in names.items()]

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        typed = [name for name in HEX_FIELDS if cleaned.get(name)]
        if cleaned.get("image") and typed:
            raise forms.ValidationError("Give a picture or hashes, not both.")
        if cleaned.get("image"):
            self._hash_picture(cleaned["image"].read())
        elif typed:
            self._take_digits(typed)
        elif not self.errors:
            raise forms.ValidationError("Give a picture or at least one hash.")
        return cleaned

    def _told(self) -> dict[str, str]:
        """What the source says of the entry."""
        return {name: self.cleaned_data.get(name, "") for name in ("external_id", "violation")}

    def _hash_picture(self, data: bytes) -> None:
        try:
            image = decoders().register(data)
            local = partial_decoders().register_local(data)
        except (ImageError, DecoderUnavailable) as error:
            self.add_error("image", f"This can not be hashed: {error}.")
            return
        self.draft = draft_of_image(image, local=local, **self._told())

    def _take_digits(self, names: list[SignalType]) -> None:
        signals = []
        for name in names:
            quality = self.cleaned_data.get("pdq_quality") if name is SignalType.PDQ else None
            try:
                signals.append(Signal.from_hex(name, self.cleaned_data[name], quality))
            except SignalInvalid as error:
                self.add_error(name, f"{error}.")
        self.draft = EntryDraft(signals, self._told()["external_id"], self._told()["violation"])
