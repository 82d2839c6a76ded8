"""Every route of the service on one page."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from hashservice import health, metrics
from hashservice.any_case import any_case
from matching.api.batches import BatchesView, BatchResultsView, BatchView
from matching.api.feedback import FeedbackView
from matching.api.hashes import HashesView
from matching.api.match import MatchView
from matching.api.period_reports import PeriodReportsView, PeriodReportView
from matching.api.reports import ReportView, TotalsView
from matching.api.submissions import ReceiptKeysView, SubmissionView
from matching.api.tips import MatchTipsView, TipSendView, TipsView, TipView
from matching.dialects import arachnid, hma, photodna, sandbox
from tenants.api.audit import (
    AuditCheckpointView,
    AuditConsistencyView,
    AuditEventsView,
    AuditProofView,
)
from tenants.api.key import OwnKeyView
from tenants.api.keys import KeysView, KeyView, RotationView
from tenants.api.leaks import LeakedKeysView
from tenants.api.usage import UsageView
from tenants.api.webhook_deliveries import RedeliveryView, WebhookDeliveriesView
from tenants.api.webhooks import (
    WebhookRotationView,
    WebhooksView,
    WebhookTestView,
    WebhookView,
)

urlpatterns = [
    path("v1/match", MatchView.as_view(), name="match"),
    path("v1/match/hashes", HashesView.as_view(), name="match-hashes"),
    path("v1/submissions/<str:submission_id>", SubmissionView.as_view(), name="submission"),
    path("v1/matches/<str:match_id>/feedback", FeedbackView.as_view(), name="feedback"),
    path("v1/matches/<str:match_id>/reports", MatchTipsView.as_view(), name="prepare-report"),
    path("v1/reports", TipsView.as_view(), name="reports"),
    path("v1/reports/<str:report_id>", TipView.as_view(), name="report"),
    path("v1/reports/<str:report_id>/send", TipSendView.as_view(), name="send-report"),
    path("v1/batches", BatchesView.as_view(), name="batches"),
    path("v1/batches/<str:batch_id>", BatchView.as_view(), name="batch"),
    path("v1/batches/<str:batch_id>/results", BatchResultsView.as_view(), name="batch-results"),
    path("v1/key", OwnKeyView.as_view(), name="own-key"),
    path("v1/keys", KeysView.as_view(), name="keys"),
    path("v1/keys/<str:key_id>", KeyView.as_view(), name="key"),
    path("v1/keys/<str:key_id>/rotate", RotationView.as_view(), name="rotate-key"),
    path("v1/leaked-keys", LeakedKeysView.as_view(), name="leaked-keys"),
    path("v1/usage", UsageView.as_view(), name="usage"),
    path("v1/webhooks", WebhooksView.as_view(), name="webhooks"),
    path("v1/webhooks/<str:webhook_id>", WebhookView.as_view(), name="webhook"),
    path("v1/webhooks/<str:webhook_id>/test", WebhookTestView.as_view(), name="test-webhook"),
    path(
        "v1/webhooks/<str:webhook_id>/rotate-secret",
        WebhookRotationView.as_view(),
        name="rotate-webhook-secret",
    ),
    path(
        "v1/webhooks/<str:webhook_id>/deliveries",
        WebhookDeliveriesView.as_view(),
        name="webhook-deliveries",
    ),
    path(
        "v1/webhook-deliveries/<str:delivery_id>/redeliver",
        RedeliveryView.as_view(),
        name="redeliver-webhook",
    ),
    path("v1/audit/events", AuditEventsView.as_view(), name="audit-events"),
    path("v1/audit/report", ReportView.as_view(), name="audit-report"),
    path("v1/audit/totals", TotalsView.as_view(), name="audit-totals"),
    path("v1/audit/reports", PeriodReportsView.as_view(), name="audit-reports"),
    path(
        "v1/audit/reports/<str:report_id>", PeriodReportView.as_view(), name="audit-period-report"
    ),
    path("v1/audit/checkpoint", AuditCheckpointView.as_view(), name="audit-checkpoint"),
    path("v1/audit/proof", AuditProofView.as_view(), name="audit-proof"),
    path("v1/audit/consistency", AuditConsistencyView.as_view(), name="audit-consistency"),
    path("v1/receipt-keys", ReceiptKeysView.as_view(), name="receipt-keys"),
    path("v1/sandbox", sandbox.SandboxView.as_view(), name="sandbox"),
    path("v1/sandbox/<str:name>", sandbox.FixtureView.as_view(), name="sandbox-fixture"),
    path("v1/sandbox/<str:name>/reaction", sandbox.ReactionView.as_view(), name="sandbox-reaction"),
    re_path(any_case("photodna/v1.0/match"), photodna.MatchView.as_view()),
    re_path(any_case("photodna/v1.0/matchhash"), photodna.MatchHashView.as_view()),
    re_path(any_case("photodna/v1.0/matchedgehash"), photodna.MatchEdgeHashView.as_view()),
    re_path(any_case("photodna/v1.0/report"), photodna.ReportView.as_view()),
    re_path(r"^v1/media/?$", arachnid.MediaView.as_view()),
    re_path(r"^v1/url/?$", arachnid.UrlView.as_view()),
    re_path(r"^v1/pdq/?$", arachnid.PdqView.as_view()),
    re_path(r"^v1/version/?$", arachnid.VersionView.as_view()),
    path("m/lookup", hma.LookupView.as_view()),
    path("v1/openapi.json", SpectacularJSONAPIView.as_view(), name="openapi"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="openapi"), name="docs"),
    path("accounts/", include("tenants.accounts.routes")),
    path("portal/", include("hashservice.portal")),
    path("admin/", admin.site.urls),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("", RedirectView.as_view(pattern_name="docs"), name="home"),
]

handler400 = "hashservice.errors.bad_request"
handler403 = "hashservice.errors.forbidden"
handler404 = "hashservice.errors.not_found"
handler500 = "hashservice.errors.server_error"
