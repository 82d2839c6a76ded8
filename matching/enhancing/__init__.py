"""The partial stage of images that were answered without it: the rows are the queue."""

from matching.enhancing.sweeping import sweep
from matching.enhancing.work import work_off

__all__ = ["sweep", "work_off"]
