"""Why a call with an `Idempotency-Key` gets neither a new answer nor an old one."""


class StillRunning(Exception):
    """A call with the same Idempotency-Key is being answered right now."""


class IdempotencyMismatch(Exception):
    """The Idempotency-Key belongs to another payload."""


class AnswerLost(Exception):
    """The answer was kept under a pepper that is not there any more; the effect stands."""
