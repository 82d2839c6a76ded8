"""What runs inside Schemathesis: reads lines of JSON, and counts what every operation answered."""

from __future__ import annotations

import atexit
import json
import os
import secrets
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import schemathesis

ANSWERS = Path(os.environ["CONTRACT_ANSWERS"])
IDEMPOTENCY_KEY = "Idempotency-Key"
LONGEST_KEPT = 200  # what is added leaves a valid one valid
REPEATED_ONE_IN = 5
_answers: defaultdict[str, Counter[str]] = defaultdict(Counter)


@schemathesis.deserializer("application/x-ndjson")
def first_line(_: Any, response: Any) -> Any:
    """Every line is of one shape."""
    return json.loads(response.content.partition(b"\n")[0])


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Few calls repeat an `Idempotency-Key`: nearly all would be refused for another payload."""
    told = case.headers.get(IDEMPOTENCY_KEY) if case.headers else None
    if told and len(told) < LONGEST_KEPT and secrets.randbelow(REPEATED_ONE_IN) > 0:
        case.headers[IDEMPOTENCY_KEY] = f"{told}{secrets.token_hex(8)}"


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    _answers[case.operation.label][str(response.status_code)] += 1


@atexit.register
def keep() -> None:
    ANSWERS.write_text(json.dumps(_answers), "utf8")
