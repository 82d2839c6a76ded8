"""The pictures that tests are made of: the demonstration's own."""

from matching.pictures import as_bytes, render_picture

__all__ = ["as_bytes", "render_picture"]
