"""What goes wrong with the embedded servers, in words for the person who started them."""


class EmbeddedError(RuntimeError):
    """An embedded server cannot run; the message says why and what to do."""
