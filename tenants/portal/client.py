"""The client, one file to copy into a project, from the service that it speaks to."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from tenants.memberships import Permission
from tenants.portal.views import PortalView


class ClientView(PortalView):
    permission = Permission.OVERVIEW

    def get(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002
        file = settings.BASE_DIR / "deploy" / "client" / "hashservice_client.py"
        answer = HttpResponse(file.read_bytes(), content_type="text/x-python; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{file.name}"'
        return answer
