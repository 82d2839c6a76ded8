"""A report's figures as a PDF: plain data in, pages out. Knows nothing of Django.

`python -m matching.printing` is a program of its own, so that web processes and workers neither
load ReportLab nor keep its memory.
"""
