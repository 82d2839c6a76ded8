"""Figures as JSON on standard input, the PDF on standard output."""

import json
import sys

from matching.printing.document import printed

if __name__ == "__main__":
    sys.stdout.buffer.write(printed(json.load(sys.stdin)))
