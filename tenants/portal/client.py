"""The client, one file to copy into a project, from the service that it speaks to."""

from __future__ import annotations

from django.conf import settings
from django.http import FileResponse, HttpRequest

from tenants.memberships import Permission
from tenants.portal.views import PortalView


class ClientView(PortalView):
    permission = Permission.OVERVIEW

    def get(self, request: HttpRequest) -> FileResponse:  # noqa: ARG002
        file = (settings.BASE_DIR / "deploy" / "client" / "hashservice_client.py").open("rb")
        return FileResponse(file, as_attachment=True, content_type="text/x-python; charset=utf-8")
