"""What the service did for a tenant in a period, in numbers that can be counted again."""

from matching.reports.monthly import schedule_month, work_off
from matching.reports.pdf import PrintingFailed, pdf
from matching.reports.totals import totals

__all__ = ["PrintingFailed", "pdf", "schedule_month", "totals", "work_off"]
