"""`POST /v1/batches` and what came of it."""

from matching.api.batches.views import BatchesView, BatchResultsView, BatchView

__all__ = ["BatchResultsView", "BatchView", "BatchesView"]
