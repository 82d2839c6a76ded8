"""A CyberTipline on loopback that takes nothing whose elements stand in another order.

Written from NCMEC's documentation, apart from the code under test.
"""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from defusedxml.minidom import parseString

ORDER = {
    "report": "incidentSummary internetDetails lawEnforcement reporter personOrUserReported "
    "intendedRecipient victim additionalInfo",
    "incidentSummary": "incidentType escalateToHighPriority incidentDateTime",
    "reporter": "reportingPerson contactPerson companyTemplate termsOfService legalURL",
    "reportingPerson": "firstName lastName phone email",
    "personOrUserReported": "personOrUserReportedPerson vehicleDescription espIdentifier "
    "espService screenName displayName profileUrl ipCaptureEvent deviceId additionalInfo",
    "ipCaptureEvent": "ipAddress eventName dateTime possibleProxy port",
}
LOGIN = f"Basic {base64.b64encode(b'esp:secret').decode()}"


def misplaced(document: str) -> list[str]:
    """The elements whose children are unknown, or do not stand as they have to."""
    wrong = []
    for name, order in ORDER.items():
        for element in parseString(document).getElementsByTagName(name):
            found = [child.tagName for child in element.childNodes if child.nodeType == 1]
            allowed = order.split()
            if [child for child in allowed for _ in range(found.count(child))] != found:
                wrong.append(name)
    return wrong


class CyberTipline(ThreadingHTTPServer):
    """`broken` answers 500; `deaf` takes what comes and hangs up before it answers `finish`."""

    def __init__(self, address: str) -> None:
        super().__init__((address, 0), Handler)
        self.opened: dict[str, str] = {}
        self.finished: list[str] = []
        self.broken = self.deaf = False

    @property
    def url(self) -> str:
        return f"http://{self.server_address[0]}:{self.server_port}/ispws"


class Handler(BaseHTTPRequestHandler):
    server: CyberTipline

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.server.broken:
            self.send_error(500)
        elif self.headers["Authorization"] != LOGIN:
            self._answer(2000, "who are you")
        elif self.path == "/ispws/submit":
            self._submit(body)
        elif not self.server.deaf:
            self._finish(body)

    def _submit(self, body: str) -> None:
        if wrong := misplaced(body):
            self._answer(4100, f"validation failed: {', '.join(wrong)}")
            return
        number = str(4564654 + len(self.server.opened))
        self.server.opened[number] = body
        self._answer(0, "success", number)

    def _finish(self, body: str) -> None:
        found = re.search(r'name="id"\r\n\r\n(\d+)\r\n', body)
        if not found or found[1] not in self.server.opened:
            self._answer(5001, "no such report")
            return
        self.server.finished.append(found[1])
        self._answer(0, "success", found[1])

    def _answer(self, code: int, words: str, number: str = "") -> None:
        root = "reportResponse" if self.path.endswith("submit") else "reportDoneResponse"
        text = (
            f'<?xml version="1.0" encoding="UTF-8"?><{root}><responseCode>{code}</responseCode>'
            f"<responseDescription>{words}</responseDescription>"
            f"<reportId>{number}</reportId></{root}>"
        ).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Tests are quiet."""


@contextmanager
def cybertipline(address: str) -> Iterator[CyberTipline]:
    with CyberTipline(address) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()
