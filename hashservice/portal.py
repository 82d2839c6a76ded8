"""The portal on one page: its navigation, and every route of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.urls import path

from matching.portal.batches import BatchesView, BatchProgressView, BatchResultsView
from matching.portal.figures import FiguresView, MonthlyReportView
from matching.portal.integration import FixtureView, IntegrationView
from matching.portal.reports import ReportView
from matching.portal.retention import (
    DecisionView,
    HoldsView,
    PeriodsView,
    ProposalsView,
    ReleaseHoldView,
    RetentionView,
)
from matching.portal.submissions import FeedbackView, FirstCallView, SubmissionsView
from matching.portal.try_it import TryItView
from tenants.memberships import Permission, may
from tenants.portal.audit import AuditView
from tenants.portal.client import ClientView
from tenants.portal.deliveries import RedeliverView
from tenants.portal.joining import JoinView, SignUpView
from tenants.portal.keys import KeysView, NewKeyView, RevokeKeyView, RotateKeyView
from tenants.portal.overview import FirstKeyView, OverviewView
from tenants.portal.settings import SettingsView
from tenants.portal.team import MemberView, RevokeInvitationView, TeamView
from tenants.portal.usage import UsageView
from tenants.portal.views import StartView
from tenants.portal.webhooks import (
    NewWebhookView,
    RemoveWebhookView,
    RotateWebhookView,
    SwitchWebhookView,
    TryWebhookView,
    WebhooksView,
    WebhookView,
)


@dataclass(frozen=True)
class Entry:
    """A page in the navigation: the name of its route, its label, and who may see it.

    Routes whose names begin with `route` and a hyphen belong to the entry too.
    """

    route: str
    label: str
    permission: Permission


NAVIGATION: Final = (
    Entry("portal", "Overview", Permission.OVERVIEW),
    Entry("portal-keys", "Keys", Permission.KEYS),
    Entry("portal-try", "Try it", Permission.TRY_IT),
    Entry("portal-integration", "Prove it", Permission.TRY_IT),
    Entry("portal-submissions", "Submissions", Permission.SUBMISSIONS),
    Entry("portal-batches", "Batches", Permission.SUBMISSIONS),
    Entry("portal-usage", "Usage", Permission.USAGE),
    Entry("portal-webhooks", "Webhooks", Permission.WEBHOOKS),
    Entry("portal-audit", "Audit log", Permission.AUDIT),
    Entry("portal-reports", "Reports", Permission.AUDIT),
    Entry("portal-retention", "Retention", Permission.RETENTION),
    Entry("portal-settings", "Settings", Permission.SETTINGS),
    Entry("portal-team", "Team", Permission.TEAM),
)
urlpatterns = [
    path("", StartView.as_view(), name="start"),
    path("sign-up", SignUpView.as_view(), name="sign-up"),
    path("join/<str:token>", JoinView.as_view(), name="join"),
    path("<slug:tenant>/", OverviewView.as_view(), name="portal"),
    path("<slug:tenant>/client", ClientView.as_view(), name="portal-client"),
    path("<slug:tenant>/first-key", FirstKeyView.as_view(), name="portal-first-key"),
    path("<slug:tenant>/keys", KeysView.as_view(), name="portal-keys"),
    path("<slug:tenant>/keys/new", NewKeyView.as_view(), name="portal-keys-new"),
    path(
        "<slug:tenant>/keys/<str:key_id>/rotate",
        RotateKeyView.as_view(),
        name="portal-keys-rotate",
    ),
    path(
        "<slug:tenant>/keys/<str:key_id>/revoke",
        RevokeKeyView.as_view(),
        name="portal-keys-revoke",
    ),
    path(
        "<slug:tenant>/keys/<str:key_id>/first", FirstCallView.as_view(), name="portal-keys-first"
    ),
    path("<slug:tenant>/try", TryItView.as_view(), name="portal-try"),
    path("<slug:tenant>/integration", IntegrationView.as_view(), name="portal-integration"),
    path(
        "<slug:tenant>/integration/<str:fixture>",
        FixtureView.as_view(),
        name="portal-integration-fixture",
    ),
    path("<slug:tenant>/submissions", SubmissionsView.as_view(), name="portal-submissions"),
    path(
        "<slug:tenant>/matches/<str:match_id>/feedback",
        FeedbackView.as_view(),
        name="portal-feedback",
    ),
    path("<slug:tenant>/batches", BatchesView.as_view(), name="portal-batches"),
    path(
        "<slug:tenant>/batches/<str:batch_id>/progress",
        BatchProgressView.as_view(),
        name="portal-batches-progress",
    ),
    path(
        "<slug:tenant>/batches/<str:batch_id>/results",
        BatchResultsView.as_view(),
        name="portal-batches-results",
    ),
    path("<slug:tenant>/usage", UsageView.as_view(), name="portal-usage"),
    path("<slug:tenant>/webhooks", WebhooksView.as_view(), name="portal-webhooks"),
    path("<slug:tenant>/webhooks/new", NewWebhookView.as_view(), name="portal-webhooks-new"),
    path(
        "<slug:tenant>/webhooks/<str:webhook_id>", WebhookView.as_view(), name="portal-webhooks-one"
    ),
    path(
        "<slug:tenant>/webhooks/<str:webhook_id>/switch",
        SwitchWebhookView.as_view(),
        name="portal-webhooks-switch",
    ),
    path(
        "<slug:tenant>/webhooks/<str:webhook_id>/rotate",
        RotateWebhookView.as_view(),
        name="portal-webhooks-rotate",
    ),
    path(
        "<slug:tenant>/webhooks/<str:webhook_id>/test",
        TryWebhookView.as_view(),
        name="portal-webhooks-test",
    ),
    path(
        "<slug:tenant>/webhooks/<str:webhook_id>/remove",
        RemoveWebhookView.as_view(),
        name="portal-webhooks-remove",
    ),
    path(
        "<slug:tenant>/webhook-deliveries/<str:delivery_id>/redeliver",
        RedeliverView.as_view(),
        name="portal-webhooks-redeliver",
    ),
    path("<slug:tenant>/audit", AuditView.as_view(), name="portal-audit"),
    path("<slug:tenant>/audit/report", ReportView.as_view(), name="portal-audit-report"),
    path("<slug:tenant>/reports", FiguresView.as_view(), name="portal-reports"),
    path(
        "<slug:tenant>/reports/<str:report_id>",
        MonthlyReportView.as_view(),
        name="portal-reports-monthly",
    ),
    path("<slug:tenant>/retention", RetentionView.as_view(), name="portal-retention"),
    path("<slug:tenant>/retention/periods", PeriodsView.as_view(), name="portal-retention-periods"),
    path("<slug:tenant>/retention/holds", HoldsView.as_view(), name="portal-retention-holds"),
    path(
        "<slug:tenant>/retention/holds/<str:hold_id>/release",
        ReleaseHoldView.as_view(),
        name="portal-retention-release",
    ),
    path(
        "<slug:tenant>/retention/proposals",
        ProposalsView.as_view(),
        name="portal-retention-proposals",
    ),
    path(
        "<slug:tenant>/retention/proposals/<str:proposal_id>",
        DecisionView.as_view(),
        name="portal-retention-decide",
    ),
    path("<slug:tenant>/settings", SettingsView.as_view(), name="portal-settings"),
    path("<slug:tenant>/team", TeamView.as_view(), name="portal-team"),
    path("<slug:tenant>/team/<int:member>", MemberView.as_view(), name="portal-team-member"),
    path(
        "<slug:tenant>/invitations/<int:invitation>/withdraw",
        RevokeInvitationView.as_view(),
        name="portal-team-withdraw",
    ),
]


def entries_for(role: str) -> list[Entry]:
    """The pages that a member of that role may open."""
    return [entry for entry in NAVIGATION if may(role, entry.permission)]
