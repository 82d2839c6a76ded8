"""Acts on chosen rows that somebody confirms: what will happen is shown first, then asked for.

The page that asks is stock Django: an admin action that answers with a form, which comes back to
the same action. What was promised is compared with what is there when the answer comes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from matching.admin.outlook import Outlook
from matching.curation import Conflict
from matching.models import HashEntry
from tenants.admin.rows import StockAdmin, person_of

SAMPLE = 10

Rows = QuerySet[Any]
AnyAdmin = StockAdmin[Any]
ActionView = Callable[[AnyAdmin, HttpRequest, Rows], HttpResponse | None]


@dataclass(frozen=True, kw_only=True)
class Act:
    """What can be done to rows in certain states.

    `not_by` names the field with the person who may not do it, and `own_doing` says why not: the
    second pair of eyes is somebody else's. `carry_out(rows, person, reason)` calls the verb and
    returns how many it took. `outlook(rows)` tells what becomes of entries by it.
    """

    name: str
    label: str
    done: str
    consequence: str
    permission: str
    from_states: frozenset[str]
    carry_out: Callable[[Any, User, str], int]
    not_by: str = ""
    own_doing: str = ""
    outlook: Callable[[Any], list[Outlook]] | None = None
    stops: bool = False
    most: int | None = None

    @property
    def state_words(self) -> str:
        """The states that it applies to: `active or pending`."""
        return " or ".join(sorted(self.from_states))

    def ready(self) -> Q:
        return Q(state__in=self.from_states)

    def own(self, person: User) -> Q:
        return Q(**{self.not_by: person.pk}) if self.not_by else Q(pk__in=[])

    def is_open_to(self, row: Any) -> bool:
        """Whether the state of `row` allows the act, whoever asks."""
        return row.state in self.from_states

    def is_refused_to(self, person: User, row: Any) -> bool:
        """Whether `person` is the one who may not."""
        return bool(self.not_by) and getattr(row, f"{self.not_by}_id") == person.pk


@dataclass(frozen=True)
class Plan:
    """What an act will do to the chosen rows: how many it takes, and why it leaves the others.

    Rows that came after `newest`, from an import that runs meanwhile, are nobody's choice.
    """

    ready: int
    own: int
    other: int
    newest: int
    sample: list[Any]
    taken: Rows

    @classmethod
    def of(cls, act: Act, rows: Rows, person: User) -> Plan:
        mine = act.own(person)
        counts = rows.order_by().aggregate(
            ready=Count("pk", filter=act.ready() & ~mine),
            own=Count("pk", filter=act.ready() & mine),
            other=Count("pk", filter=~act.ready()),
            newest=Coalesce(Max("pk"), 0),
        )
        taken = rows.filter(act.ready()).exclude(mine)
        return cls(**counts, sample=list(taken[:SAMPLE]), taken=taken)


class ConfirmForm(forms.Form):
    """The answer: a reason, and the number of rows that the question was about."""

    expected = forms.IntegerField()
    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text="Kept with every row and in the audit log.",
        error_messages={"required": "A reason is needed."},
    )

    def __init__(self, act: Act, plan: Plan, data: Any = None) -> None:
        super().__init__(data)
        self._act, self._plan = act, plan

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("expected") != self._plan.ready:
            raise forms.ValidationError("The rows have changed since; please look again.")
        if self._act.most is not None and self._plan.ready > self._act.most:
            raise forms.ValidationError(f"At most {self._act.most} at once.")
        return self.cleaned_data


def confirmed(act: Act) -> ActionView:
    """`act` as an admin action with a page that asks for confirmation."""

    @admin.action(description=f"{act.label}…", permissions=[act.permission])
    def run(model_admin: AnyAdmin, request: HttpRequest, queryset: Rows) -> HttpResponse | None:
        rows = _chosen(request, queryset)
        plan = Plan.of(act, rows, person_of(request))
        form = ConfirmForm(act, plan, request.POST if "expected" in request.POST else None)
        if form.is_bound and form.is_valid():
            _carry_out(act, model_admin, request, rows, form.cleaned_data)
            return _back(model_admin, request)
        return _question(act, model_admin, request, plan, form)

    run.__name__ = act.name
    return run


def _chosen(request: HttpRequest, queryset: Rows) -> Rows:
    """The rows themselves where they were ticked: their state may not drop them on the way."""
    if (newest := request.POST.get("newest", "")).isdecimal():
        queryset = queryset.filter(pk__lte=int(newest))
    if request.POST.get("select_across") == "1":
        return queryset.order_by()
    ticked = list(queryset.values_list("pk", flat=True))
    rows: Rows = queryset.model._default_manager.filter(pk__in=ticked)
    return rows


def _carry_out(
    act: Act, model_admin: AnyAdmin, request: HttpRequest, rows: Rows, answer: dict[str, Any]
) -> None:
    """All of the rows that were promised, or none."""
    try:
        with transaction.atomic():
            count = act.carry_out(rows, person_of(request), answer.get("reason", ""))
            if count != answer["expected"]:
                raise Conflict("somebody else changed these rows in the same moment")
    except Conflict as error:
        model_admin.message_user(request, f"Not done: {error}.", messages.ERROR)
        return
    name = model_admin.opts.verbose_name if count == 1 else model_admin.opts.verbose_name_plural
    model_admin.message_user(request, f"{count:,} {name} {act.done}.", messages.SUCCESS)


def _back(model_admin: AnyAdmin, request: HttpRequest) -> HttpResponse | None:
    """To the row's own page after an act on a single one, else to the list."""
    ticked = request.POST.getlist(ACTION_CHECKBOX_NAME)
    if len(ticked) != 1 or request.POST.get("select_across") == "1":
        return None
    opts = model_admin.opts
    return HttpResponseRedirect(
        reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=ticked)
    )


def _question(
    act: Act,
    model_admin: AnyAdmin,
    request: HttpRequest,
    plan: Plan,
    form: ConfirmForm,
) -> HttpResponse:
    outlooks = act.outlook(plan.taken) if act.outlook and plan.ready else []
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "media": model_admin.media,
        "title": f"{act.label} {model_admin.opts.verbose_name_plural}?",
        "act": act,
        "plan": plan,
        "form": form,
        "outlooks": outlooks,
        "shows_entries": bool(outlooks) and model_admin.model is HashEntry,
        "unsampled": plan.ready - len(plan.sample),
        "ticked": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "ticked_name": ACTION_CHECKBOX_NAME,
        "select_across": request.POST.get("select_across", "0"),
    }
    return TemplateResponse(request, "admin/matching/confirm.html", context)
