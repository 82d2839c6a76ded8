"""Why an image was refused, and the one place that names a decoder's accidents."""

from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image


class ImageError(Exception):
    """An image cannot be hashed; every refusal derives from this."""


class UnsupportedMediaType(ImageError):
    """The bytes are no image of an accepted format (text, PDF, SVG, video …)."""


class ImageUndecodable(ImageError):
    """The bytes claim an accepted format, but are damaged, truncated or malformed."""


class ImageTooLarge(ImageError):
    """More bytes, pixels or frames than the limits allow."""


class ImageTooSmall(ImageError):
    """A side is too short for a hash to mean anything."""


class DecodeLimitExceeded(ImageError):
    """Decoding needed more time or memory than one image may take."""


@contextmanager
def decoder_errors() -> Iterator[None]:
    """Turn whatever a decoder raises into an ImageError.

    Pillow's plugins raise far more than OSError on damaged files: ValueError, IndexError,
    SyntaxError, TypeError, KeyError, struct.error were all seen in one hostile file of twenty.
    A list of them would be wrong with the next release, and an exception that slips through is an
    internal error for a stranger to trigger; so this block, and only this one, catches everything.
    """
    try:
        yield
    except ImageError:
        raise
    except MemoryError as error:
        raise DecodeLimitExceeded("decoding ran out of memory") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageTooLarge("the image has too many pixels") from error
    except Exception as error:
        raise ImageUndecodable("the image data is damaged or incomplete") from error
