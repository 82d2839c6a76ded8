"""Lines that work as they stand: pasted into a terminal they give a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

CURL = """curl -H "Authorization: Bearer {secret}" \\
     -H "Content-Type: image/jpeg" \\
     --data-binary @photo.jpg \\
     {url}/v1/match"""
BATCH = """zip -0 batch.zip *.jpg
curl -H "Authorization: Bearer $KEY" \\
     -H "Content-Type: application/zip" \\
     --data-binary @batch.zip \\
     {url}/v1/batches"""
PYTHON = """import json, urllib.request

request = urllib.request.Request(
    "{url}/v1/match",
    open("photo.jpg", "rb").read(),
    {{"Authorization": "Bearer {secret}", "Content-Type": "image/jpeg"}},
)
answer = json.load(urllib.request.urlopen(request, timeout=10))
print(answer["verdict"])  # match, no_known_match or not_checked"""


@dataclass(frozen=True)
class Examples:
    """The secret by itself, and the same call in two languages."""

    secret: str
    curl: str
    python: str


def examples(request: HttpRequest, secret: str) -> Examples:
    """Ready lines for `secret`, at the address under which the service is reached."""
    url = service_url(request)
    return Examples(
        secret, CURL.format(secret=secret, url=url), PYTHON.format(secret=secret, url=url)
    )


def service_url(request: HttpRequest) -> str:
    """The public address; on one's own machine the one that this page was asked for at."""
    if urlsplit(settings.PUBLIC_URL).hostname in {"127.0.0.1", "localhost"}:
        return f"{request.scheme}://{request.get_host()}"
    return settings.PUBLIC_URL.rstrip("/")
