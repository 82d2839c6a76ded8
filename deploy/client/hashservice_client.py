#!/usr/bin/env python3
"""Client of hashservice, one file to copy into a project or to run as it is.

    from hashservice_client import Client, Verdict

    client = Client("hs_live_…", url="https://hashes.example.org")
    answer = client.match("upload.jpg")
    if answer.verdict is Verdict.MATCH: ...        # block, preserve, report
    elif answer.verdict is Verdict.NOT_CHECKED: ...  # hold for a person: nobody looked
    else: ...                                      # nothing known

    python hashservice_client.py match FOLDER      # a whole folder, with a progress bar

Needs Python 3.11 and nothing else. With Pillow and NumPy installed it also hashes pictures where
they are (`match_at_edge`), so that only hashes leave the company.

An answer has three values, and code that forgets the third fails loudly: neither an `Answer` nor a
`Verdict` may be used as a truth value, and every failure is an exception, never "clean".
"""

from __future__ import annotations

import argparse
import base64
import email.utils
import hashlib
import hmac
import http.client
import io
import json
import os
import random
import sys
import threading
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

try:  # only hashing at the edge needs them
    import numpy as np
    from PIL import Image, ImageOps
except ImportError:
    np = Image = ImageOps = None  # type: ignore[assignment]

VERSION = "1.0"
MOST_HASH_ITEMS = 1_000
WEBHOOK_TOLERANCE_SECONDS = 300
EDGE_FRAMES = 8

Picture: TypeAlias = str | os.PathLike[str] | bytes
Json: TypeAlias = Any


# --- What comes back ---------------------------------------------------------------------------


class Verdict(Enum):
    """What was found. Compare with `is`; it has no truth value on purpose."""

    MATCH = "match"
    NO_KNOWN_MATCH = "no_known_match"
    NOT_CHECKED = "not_checked"

    def __bool__(self) -> NoReturn:
        raise TypeError("a verdict has three values: compare it with Verdict.MATCH and the others")


@dataclass(frozen=True)
class Match:
    """One list that knows the image. `violation` is its class, `match_type` how it was found."""

    match_id: str
    list: str
    source: str
    violation: str
    match_type: str
    confidence: str | None = None


@dataclass(frozen=True)
class Answer:
    """The verdict on one image. `raw` is the service's whole answer.

    Stages in `pending` have yet to run (`enhance="async"`, or by your tenant's setting), and may
    still find something: a webhook tells of it, and `Client.wait_for_parts` waits for it.
    For a hash item the service refused, `verdict` is NOT_CHECKED and `not_checked_reason` its code.
    """

    verdict: Verdict
    submission_id: str | None
    content_id: str | None
    matches: tuple[Match, ...]
    checked: tuple[str, ...]
    pending: tuple[str, ...]
    not_checked_reason: str | None
    sha256: str | None
    lists_version: str | None
    receipt: str | None
    raw: Mapping[str, Json] = field(repr=False)

    def __bool__(self) -> NoReturn:
        raise TypeError("an answer has three values: look at .verdict")

    @property
    def is_match(self) -> bool:
        """Whether the image is known, by the stages in `checked`. Raises NotChecked by none."""
        if self.verdict is Verdict.NOT_CHECKED:
            raise NotChecked(self.not_checked_reason or "not checked", self)
        return self.verdict is Verdict.MATCH

    @classmethod
    def read(cls, body: Mapping[str, Json]) -> Answer:
        problem = body.get("error")
        if problem:
            body = {**body, "verdict": "not_checked", "not_checked_reason": problem["code"]}
        return cls(
            verdict=Verdict(body["verdict"]),
            submission_id=body.get("submission_id"),
            content_id=body.get("content_id"),
            matches=tuple(_match(match) for match in body.get("matches") or ()),
            checked=tuple(body.get("checked") or ()),
            pending=tuple(body.get("pending") or ()),
            not_checked_reason=body.get("not_checked_reason"),
            sha256=body.get("sha256"),
            lists_version=body.get("lists_version"),
            receipt=body.get("receipt"),
            raw=body,
        )


def _match(body: Mapping[str, Json]) -> Match:
    known = ("match_id", "list", "source", "violation", "match_type", "confidence")
    return Match(**{name: body[name] for name in known if name in body})


class HashserviceError(Exception):
    """Anything that kept us from a verdict."""


class NotChecked(HashserviceError):
    """The service could not judge the image; treat it as unknown, never as clean."""

    def __init__(self, reason: str, answer: Answer | None = None) -> None:
        super().__init__(reason)
        self.answer = answer


class ServiceError(HashserviceError):
    """The service refused, or failed beyond all retries. `code` is stable, `detail` is for people.

    `status` is 0 when no answer came at all.
    """

    def __init__(self, status: int, code: str, detail: str, request_id: str | None = None) -> None:
        super().__init__(f"{status} {code}: {detail}" + (f" ({request_id})" if request_id else ""))
        self.status = status
        self.code = code
        self.detail = detail
        self.request_id = request_id


class SignatureInvalid(HashserviceError):
    """A webhook or receipt that the service did not sign, or signed too long ago."""


# --- The client --------------------------------------------------------------------------------


class Client:
    """Asks the service; safe to share between threads, each of which keeps one connection.

    key       an API key; by default the environment's HASHSERVICE_KEY
    url       where the service is; by default HASHSERVICE_URL
    timeout   seconds to wait for one answer
    patience  seconds to go on trying when the service is busy, restarting or out of reach
    """

    def __init__(
        self,
        key: str | None = None,
        url: str | None = None,
        *,
        timeout: float = 30.0,
        patience: float = 120.0,
    ) -> None:
        key = key or os.environ.get("HASHSERVICE_KEY", "")
        if not key:
            raise ValueError("a key is needed: Client(key) or the environment's HASHSERVICE_KEY")
        self._transport = _Transport(
            url or os.environ.get("HASHSERVICE_URL", "http://127.0.0.1:8000"),
            {"Authorization": f"Bearer {key}", "User-Agent": f"hashservice-client/{VERSION}"},
            timeout,
        )
        self._patience = patience

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections; the next call opens new ones."""
        self._transport.close()

    # Matching

    def match(
        self,
        image: Picture,
        *,
        content_id: str | None = None,
        enhance: bool | str | None = None,
        idempotency_key: str | None = None,
    ) -> Answer:
        """The verdict on a file's path or an image's bytes.

        `enhance` also looks for crops, rotations and collages; with "async" after the answer.
        Raises NotChecked in strict mode, ServiceError when the image is refused.
        """
        asked = {"content_id": content_id, "enhance": _flag(enhance)}
        query = {name: value for name, value in asked.items() if value is not None}
        path = "/v1/match" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        headers = {"Content-Type": "application/octet-stream"}
        return Answer.read(self._request("POST", path, _bytes_of(image), headers, idempotency_key))

    def match_url(
        self,
        url: str,
        *,
        content_id: str | None = None,
        enhance: bool | str | None = None,
        idempotency_key: str | None = None,
    ) -> Answer:
        """The verdict on an image that the service fetches itself, where the plan allows it."""
        asked = {"url": url, "content_id": content_id, "enhance": enhance}
        body = {name: value for name, value in asked.items() if value is not None}
        return Answer.read(self._post("/v1/match", body, idempotency_key))

    def match_hashes(self, items: Iterable[Mapping[str, Json]]) -> list[Answer]:
        """The verdicts on hashes, in their order; any number, sent 1,000 at a time.

        An item has `content_id` and some of `sha256`, `sha1`, `md5`, `pdq` with `pdq_quality`.
        """
        answers: list[Answer] = []
        for lot in _lots(items, MOST_HASH_ITEMS):
            body = self._post("/v1/match/hashes", {"items": lot})
            answers.extend(Answer.read(result) for result in body["results"])
        return answers

    def match_at_edge(self, image: Picture, *, content_id: str | None = None) -> Answer:
        """The verdict on an image hashed here; only hashes are sent. Needs `match:hash`.

        Raises RuntimeError without Pillow and NumPy.
        """
        answers = self.match_hashes(edge_hashes(image, content_id=content_id))
        return min(answers, key=_badness)

    def submission(self, submission_id: str) -> Answer:
        """A verdict, read again."""
        return Answer.read(self._get(f"/v1/submissions/{_quoted(submission_id)}"))

    def wait_for_parts(self, answer: Answer, *, seconds: float = 120.0) -> Answer:
        """The verdict once no stage is `pending` any more. Raises TimeoutError after `seconds`."""
        deadline = time.monotonic() + seconds
        pause = 0.2
        while answer.pending and answer.submission_id:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{answer.submission_id} is still being looked at")
            time.sleep(pause)
            pause = min(5.0, pause * 1.5)
            answer = self.submission(answer.submission_id)
        return answer

    def feedback(self, match_id: str, verdict: str, *, note: str = "") -> Json:
        """Tell the curators that a match is `confirmed` or a `false_positive`."""
        body = {"verdict": verdict, "note": note}
        return self._post(f"/v1/matches/{_quoted(match_id)}/feedback", body)

    # Batches

    def submit_batch(
        self, items: Iterable[Mapping[str, Json]], *, idempotency_key: str | None = None
    ) -> str:
        """Hand over many items at once; the batch's id. It is safe once this returns.

        An item has `content_id` and one of `image` (path or bytes), `url`, or hashes.
        """
        body = b"".join(json.dumps(_batch_item(item)).encode() + b"\n" for item in items)
        headers = {"Content-Type": "application/x-ndjson"}
        answer = self._request("POST", "/v1/batches", body, headers, idempotency_key)
        return str(answer["batch_id"])

    def batch(self, batch_id: str) -> Json:
        """How far a batch is: `status`, `total`, `done`, `matched`, `failed`."""
        return self._get(f"/v1/batches/{_quoted(batch_id)}")

    def batch_results(self, batch_id: str) -> list[Answer]:
        """The verdicts of a finished batch, in the order of its items."""
        path = f"/v1/batches/{_quoted(batch_id)}/results"
        text = self._transport.patient("GET", path, None, {}, self._patience).body.decode()
        return [Answer.read(json.loads(line)) for line in text.splitlines() if line]

    def wait_for_batch(
        self,
        batch_id: str,
        *,
        seconds: float = 3600.0,
        progress: Callable[[int, int], object] | None = None,
    ) -> list[Answer]:
        """The verdicts, once all are there. Raises TimeoutError after `seconds`."""
        deadline = time.monotonic() + seconds
        pause = 0.2
        while True:
            state = self.batch(batch_id)
            if progress:
                progress(state["done"], state["total"])
            if state["status"] == "finished":
                return self.batch_results(batch_id)
            if time.monotonic() > deadline:
                raise TimeoutError(f"batch {batch_id}: {state['done']} of {state['total']} done")
            time.sleep(pause)
            pause = min(5.0, pause * 1.5)

    # Everything else

    def own_key(self) -> Json:
        """What the key in use is and may."""
        return self._get("/v1/key")

    def usage(self, **period: str) -> Json:
        """Daily figures; `from` and `to` as ISO dates: `usage(**{"from": "2026-11-01"})`."""
        return self._get(f"/v1/usage?{urllib.parse.urlencode(period)}")

    def receipt_keys(self) -> list[Mapping[str, str]]:
        """The public keys that verify receipts; fetch them once and keep them."""
        keys: list[Mapping[str, str]] = self._get("/v1/receipt-keys")["keys"]
        return keys

    def _get(self, path: str) -> Json:
        return self._request("GET", path, None, {}, None)

    def _post(self, path: str, body: Json, idempotency_key: str | None = None) -> Json:
        headers = {"Content-Type": "application/json"}
        return self._request("POST", path, json.dumps(body).encode(), headers, idempotency_key)

    def _request(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        idempotency_key: str | None,
    ) -> Json:
        if method == "POST":  # so that a retry never counts twice
            headers = {**headers, "Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        try:
            reply = self._transport.patient(method, path, body, headers, self._patience)
        except ServiceError as error:
            if error.code == "not_checked":
                raise NotChecked(error.detail) from error
            raise
        return json.loads(reply.body)


def _flag(value: bool | str | None) -> str | None:
    return None if value is None else str(value).lower()


def _quoted(name: str) -> str:
    return urllib.parse.quote(name, safe="")


def _bytes_of(image: Picture) -> bytes:
    return image if isinstance(image, bytes) else Path(image).read_bytes()


def _batch_item(item: Mapping[str, Json]) -> Mapping[str, Json]:
    if "image" not in item:
        return item
    return {**item, "image": base64.b64encode(_bytes_of(item["image"])).decode()}


def _lots(items: Iterable[Mapping[str, Json]], size: int) -> Iterator[list[Mapping[str, Json]]]:
    lot: list[Mapping[str, Json]] = []
    for item in items:
        lot.append(item)
        if len(lot) == size:
            yield lot
            lot = []
    if lot:
        yield lot


def _badness(answer: Answer) -> int:
    """A match wins; then whatever was not checked; only then nothing known."""
    return [Verdict.MATCH, Verdict.NOT_CHECKED, Verdict.NO_KNOWN_MATCH].index(answer.verdict)


# --- HTTP: one connection a thread, retries that honour Retry-After -------------------------------

_PASSING = frozenset({429, 500, 502, 503, 504})
_FIRST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 15.0


@dataclass(frozen=True)
class _Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def error(self) -> ServiceError:
        try:
            problem = json.loads(self.body)
            code, detail = str(problem["code"]), str(problem.get("detail", ""))
        except (ValueError, KeyError, TypeError):
            code, detail = "http_error", "the answer is no problem document"
        return ServiceError(self.status, code, detail, self.headers.get("X-Request-Id"))

    def may_pass(self) -> bool:
        """Whether to ask again: busy, restarting, or the same call is still running."""
        return self.status in _PASSING or (self.status == 409 and "Retry-After" in self.headers)

    def pause(self) -> float | None:
        """The seconds that `Retry-After` asks for."""
        value = self.headers.get("Retry-After", "")
        if value.isdigit():
            return float(value)
        at = email.utils.parsedate_to_datetime(value) if value else None
        return max(0.0, at.timestamp() - time.time()) if at else None


class _Transport:
    def __init__(self, url: str, headers: Mapping[str, str], timeout: float) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in {"https", "http"} or not parts.hostname:
            raise ValueError(f"{url!r} is no address of a service")
        if parts.scheme == "http" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
            raise ValueError("a key is never sent over plain http; use https")
        self._parts = parts
        self._headers = headers
        self._timeout = timeout
        self._local = threading.local()
        self._open: set[http.client.HTTPConnection] = set()

    def close(self) -> None:
        while self._open:
            self._open.pop().close()
        self._local = threading.local()

    def patient(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        patience: float,
    ) -> _Reply:
        """A reply below 400, asked for until `patience` seconds are over. Raises ServiceError."""
        deadline = time.monotonic() + patience
        pause = _FIRST_PAUSE_SECONDS
        while True:
            asked: float | None = None
            try:
                reply = self._once(method, path, body, headers)
                if reply.status < 400:
                    return reply
                error, asked = reply.error(), reply.pause()
                if not reply.may_pass():
                    raise error
            except (OSError, http.client.HTTPException) as failure:
                self._forget()
                error = ServiceError(0, "unreachable", str(failure) or type(failure).__name__)
            wait = asked if asked is not None else pause * random.uniform(0.5, 1.0)  # noqa: S311
            if time.monotonic() + wait > deadline:
                raise error
            time.sleep(wait)
            pause = min(_LONGEST_PAUSE_SECONDS, pause * 2)

    def _once(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> _Reply:
        connection = self._connection()
        target = self._parts.path.rstrip("/") + path
        connection.request(method, target, body=body, headers={**self._headers, **headers})
        answer = connection.getresponse()
        reply = _Reply(answer.status, answer.headers, answer.read())
        if answer.will_close:
            self._forget()
        return reply

    def _connection(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
            self._open.add(connection)
        return connection

    def _connect(self) -> http.client.HTTPConnection:
        secure = self._parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        host, port = str(self._parts.hostname), self._parts.port
        proxy = urllib.request.getproxies().get(self._parts.scheme) if secure else None
        if not proxy or urllib.request.proxy_bypass(host):
            return kind(host, port, timeout=self._timeout)
        via = urllib.parse.urlsplit(proxy)
        connection = kind(str(via.hostname), via.port, timeout=self._timeout)
        connection.set_tunnel(host, port)
        return connection

    def _forget(self) -> None:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._open.discard(connection)
        self._local.connection = None


# --- Hashing at the edge -------------------------------------------------------------------------


def digests(data: bytes) -> dict[str, str]:
    """SHA-256, SHA-1 and MD5 of a file's bytes, in hex: what hash lists carry."""
    return {
        "sha256": hashlib.sha256(data).hexdigest(),
        "sha1": hashlib.sha1(data, usedforsecurity=False).hexdigest(),
        "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
    }


def edge_hashes(image: Picture, *, content_id: str | None = None) -> list[dict[str, Json]]:
    """The hash items of one image: its digests and, of up to 8 frames, PDQ in all eight turns.

    Every item bears the `content_id`; the worst of their verdicts is the image's. The service finds
    more when it is sent the picture: borders are not cut off here, and parts are not looked for.
    Raises RuntimeError without Pillow and NumPy, and Pillow's errors for what is no image.
    """
    data = _bytes_of(image)
    name = {} if content_id is None else {"content_id": content_id}
    items: list[dict[str, Json]] = [{**name, **digests(data)}]
    for frame in _frames(data):
        hashes, quality = _pdq_of_turns(frame)
        items.extend(
            {**name, "pdq": value, "pdq_quality": quality} for value in dict.fromkeys(hashes)
        )
    return items


def pdq(image: Picture) -> tuple[str, int]:
    """PDQ of the first frame as a viewer shows it: 64 hex digits, and its quality 0..100."""
    hashes, quality = _pdq_of_turns(next(_frames(_bytes_of(image))))
    return hashes[0], quality


def _frames(data: bytes) -> Iterator[Any]:
    """Evenly sampled frames, upright, in RGB, on white."""
    if Image is None:
        raise RuntimeError("hashing at the edge needs Pillow and NumPy")
    with Image.open(io.BytesIO(data)) as opened:
        count = getattr(opened, "n_frames", 1)
        sampled = min(count, EDGE_FRAMES)
        last = max(1, sampled - 1)
        for number in sorted({round(k * (count - 1) / last) for k in range(sampled)}):
            if count > 1:
                opened.seek(number)
            frame = ImageOps.exif_transpose(opened).convert("RGBA")
            ground = Image.new("RGBA", frame.size, "white")
            yield Image.alpha_composite(ground, frame).convert("RGB")


def _pdq_of_turns(picture: Any) -> tuple[list[str], int]:
    """PDQ (Facebook, 2019) of the picture mirrored and rotated in all eight ways, and its quality.

    The box filter, run twice, is a difference of cumulative sums. Each mirroring is hashed from
    its own pixels, since PDQ's grid is not symmetric; a transposed picture has the transposed DCT.
    """
    luma = np.asarray(picture, np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    frequencies, samples = np.arange(1, 17)[:, None], np.arange(64)[None, :]
    cosines = np.cos(np.pi / 128 * frequencies * (2 * samples + 1))
    hashes: list[str] = []
    quality = 0
    for turned in (luma, luma[:, ::-1], luma[::-1], luma[::-1, ::-1]):
        small = _decimated(_decimated(turned).T).T
        if not hashes:
            quality = _quality(small)
        waves = cosines @ small @ cosines.T
        for table in (waves, waves.T):
            bits = (table > np.partition(waves, 127, axis=None)[127]).reshape(-1)
            hashes.append(np.packbits(bits[::-1]).tobytes().hex())
    return hashes, quality


def _decimated(rows: Any) -> Any:
    """(n, m) to (64, m): two running boxes of ceil(n / 128), then every 64th part."""
    n = len(rows)
    window = -(-n // 128)
    half = (window + 2) // 2
    centers = np.arange(n)
    low = np.maximum(centers + half - window, 0)
    high = np.minimum(centers + half, n)
    kept = ((np.arange(64) + 0.5) * n / 64).astype(int)
    for _ in range(2):
        sums = np.zeros((n + 1, rows.shape[1]))
        np.cumsum(rows, axis=0, dtype=np.float64, out=sums[1:])
        rows = (sums[high] - sums[low]) / (high - low)[:, None]
    return rows[kept]


def _quality(small: Any) -> int:
    steps = sum(
        int(np.abs(np.trunc(np.diff(small, axis=axis) * 100 / 255)).sum()) for axis in (0, 1)
    )
    return min(100, steps // 90)


# --- Webhooks and receipts -----------------------------------------------------------------------


def verify_webhook(
    body: bytes,
    headers: Mapping[str, str],
    *,
    secrets: Sequence[str] = (),
    public_keys: Sequence[str] = (),
    now: float | None = None,
) -> Json:
    """The event of a delivery, once its Standard Webhooks 1.0 signature is found good.

    `secrets` are `whsec_…` (several during a rotation), `public_keys` `whpk_…` for Ed25519. Raises
    SignatureInvalid, also when the time stamp is more than five minutes off.
    """
    given = {name.lower(): value for name, value in headers.items()}
    identity, stamp = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    late = abs((time.time() if now is None else now) - int(stamp)) if stamp.isdigit() else None
    if late is None or late > WEBHOOK_TOLERANCE_SECONDS:
        raise SignatureInvalid("the time stamp is missing, or too far from now")
    signed = f"{identity}.{stamp}.".encode() + body
    for version, _, text in (s.partition(",") for s in given.get("webhook-signature", "").split()):
        signature = _base64(text)
        if version == "v1" and any(_is_mac(signature, signed, secret) for secret in secrets):
            return json.loads(body)
        if version == "v1a" and any(
            _ed25519_verifies(_base64(key.removeprefix("whpk_")), signature, signed)
            for key in public_keys
        ):
            return json.loads(body)
    raise SignatureInvalid("no signature of ours fits")


def _is_mac(signature: bytes, signed: bytes, secret: str) -> bool:
    key = _base64(secret.removeprefix("whsec_"))
    return hmac.compare_digest(hmac.digest(key, signed, "sha256"), signature)


def verify_receipt(
    receipt: str, keys: Sequence[Mapping[str, str]], *, sha256: str | None = None
) -> Json:
    """What a receipt states, once its signature by one of the service's `receipt_keys` is good.

    With `sha256`, the hex digest of your own file, also that it speaks of this file. Raises
    SignatureInvalid.
    """
    payload, _, signature = receipt.partition(".")
    body, signed = _base64(payload), _base64(signature)
    if not any(_ed25519_verifies(_base64(key["x"]), signed, body) for key in keys):
        raise SignatureInvalid("no key of the service signed this receipt")
    statement = json.loads(body)
    if sha256 is not None and statement["sha256"] != sha256.lower():
        raise SignatureInvalid("the receipt speaks of another file")
    return statement


def _base64(text: str) -> bytes:
    """Standard or URL alphabet, padded or not; empty for what is neither."""
    plain = text.strip().rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        return b""


# Ed25519 verification (RFC 8032, section 5.1.7) on Python's integers: a few milliseconds each, so
# that receipts can be checked without any package. Nothing secret is handled here.
_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_Point: TypeAlias = tuple[int, int, int, int]


def _ed25519_verifies(public: bytes, signature: bytes, message: bytes) -> bool:
    if len(public) != 32 or len(signature) != 64:
        return False
    key, commitment = _point(public), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or scalar >= _ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(digest, "little") % _ORDER
    left, right = _times(scalar, _BASE), _plus(commitment, _times(challenge, key))
    return _same(left, right)


def _point(encoded: bytes) -> _Point | None:
    number = int.from_bytes(encoded, "little")
    y, odd = number & (2**255 - 1), number >> 255
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and odd):
        return None
    if x % 2 != odd:
        x = _P - x
    return x, y, 1, x * y % _P


def _plus(a: _Point, b: _Point) -> _Point:
    first, second = (a[1] - a[0]) * (b[1] - b[0]) % _P, (a[1] + a[0]) * (b[1] + b[0]) % _P
    third, fourth = 2 * a[3] * b[3] * _D % _P, 2 * a[2] * b[2] % _P
    e, f, g, h = second - first, fourth - third, fourth + third, second + first
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(scalar: int, point: _Point) -> _Point:
    total: _Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = _plus(total, point)
        point = _plus(point, point)
        scalar >>= 1
    return total


def _same(a: _Point, b: _Point) -> bool:
    return (a[0] * b[2] - b[0] * a[2]) % _P == 0 and (a[1] * b[2] - b[1] * a[2]) % _P == 0


def _base_point() -> _Point:
    point = _point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))
    if point is None:
        raise ArithmeticError("the base point is on the curve")
    return point


_BASE = _base_point()


# --- The command line ----------------------------------------------------------------------------

EXIT_NOTHING_KNOWN, EXIT_MATCH, EXIT_NOT_CHECKED = 0, 10, 11


@dataclass(frozen=True)
class _Line:
    """What is said of one file."""

    file: str
    verdict: str
    detail: str
    raw: Mapping[str, Json]


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except (HashserviceError, OSError, ValueError, RuntimeError) as error:
        print(f"hashservice: {error}", file=sys.stderr)  # noqa: T201
        return EXIT_NOT_CHECKED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Ask hashservice about images. The key comes from HASHSERVICE_KEY.",
        epilog="match ends with 0 when everything was checked and nothing is known, "
        "10 when something matched, 11 when something could not be checked.",
    )
    parser.add_argument("--url", help="where the service is (HASHSERVICE_URL)")
    commands = parser.add_subparsers(required=True)
    match = commands.add_parser("match", help="check files and folders")
    match.add_argument("paths", nargs="+", type=Path)
    match.add_argument("--edge", action="store_true", help="hash here, send only hashes")
    match.add_argument("--enhance", action="store_true", help="also find crops and collages")
    match.add_argument("--jobs", type=int, default=4, help="calls at a time")
    match.add_argument("--json", action="store_true", help="one JSON object a line")
    match.set_defaults(run=_run_match)
    hashes = commands.add_parser("hash", help="print hash items, send nothing")
    hashes.add_argument("paths", nargs="+", type=Path)
    hashes.set_defaults(run=_run_hash)
    receipt = commands.add_parser("receipt", help="verify a receipt")
    receipt.add_argument("receipt", help="the receipt, or - for standard input")
    receipt.add_argument("--keys", type=Path, help="a kept copy of /v1/receipt-keys")
    receipt.add_argument("--file", type=Path, help="the file it must speak of")
    receipt.set_defaults(run=_run_receipt)
    own = commands.add_parser("key", help="what the key in use is and may")
    own.set_defaults(run=_run_key)
    return parser


def _run_match(options: argparse.Namespace) -> int:
    with Client(url=options.url) as client:
        return _match_files(client, list(_files(options.paths)), options)


def _match_files(client: Client, files: Sequence[Path], options: argparse.Namespace) -> int:
    def ask(file: Path) -> _Line:
        try:
            answer = (
                client.match_at_edge(file, content_id=file.name)
                if options.edge
                else client.match(file, content_id=file.name, enhance=options.enhance or None)
            )
            answer = client.wait_for_parts(answer)
        except (HashserviceError, OSError) as error:
            return _Line(str(file), "error", str(error), {"error": str(error)})
        lists = ", ".join(f"{m.list} ({m.violation}, {m.match_type})" for m in answer.matches)
        detail = lists or answer.not_checked_reason or ""
        return _Line(str(file), answer.verdict.value, detail, answer.raw)

    counts: dict[str, int] = {}
    with ThreadPoolExecutor(max(1, options.jobs)) as pool:
        for done, line in enumerate(pool.map(ask, files), 1):
            counts[line.verdict] = counts.get(line.verdict, 0) + 1
            _show(line, as_json=options.json)
            _show_progress(done, len(files))
    summary = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
    print(f"{len(files)} files: {summary or 'none'}", file=sys.stderr)  # noqa: T201
    if counts.get("match"):
        return EXIT_MATCH
    unchecked = counts.get("error", 0) + counts.get("not_checked", 0)
    return EXIT_NOT_CHECKED if unchecked or not files else EXIT_NOTHING_KNOWN


def _run_hash(options: argparse.Namespace) -> int:
    for file in _files(options.paths):
        for item in edge_hashes(file, content_id=file.name):
            print(json.dumps(item))  # noqa: T201
    return 0


def _run_receipt(options: argparse.Namespace) -> int:
    text = sys.stdin.read().strip() if options.receipt == "-" else options.receipt
    kept = json.loads(options.keys.read_text())["keys"] if options.keys else None
    keys = kept if kept is not None else _receipt_keys(options.url)
    sha256 = hashlib.sha256(options.file.read_bytes()).hexdigest() if options.file else None
    print(json.dumps(verify_receipt(text, keys, sha256=sha256), indent=2))  # noqa: T201
    return 0


def _receipt_keys(url: str | None) -> Sequence[Mapping[str, str]]:
    with Client(url=url) as client:
        return client.receipt_keys()


def _run_key(options: argparse.Namespace) -> int:
    with Client(url=options.url) as client:
        print(json.dumps(client.own_key(), indent=2))  # noqa: T201
    return 0


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(child for child in path.rglob("*") if child.is_file())
        else:
            yield path


def _show(line: _Line, *, as_json: bool) -> None:
    _clear_progress()
    if as_json:
        print(json.dumps({"file": line.file, **line.raw}), flush=True)  # noqa: T201
    elif line.verdict != "no_known_match":
        print(f"{line.verdict:<12} {line.file}  {line.detail}", flush=True)  # noqa: T201


def _show_progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        filled = round(30 * done / total)
        bar = "█" * filled + "·" * (30 - filled)
        print(f"\r{bar} {done}/{total}", end="\n" if done == total else "", file=sys.stderr)  # noqa: T201


def _clear_progress() -> None:
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
