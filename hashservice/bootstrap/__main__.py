"""`python -m hashservice.bootstrap LOCK_FILE`: ends with 0 when every pin is installed, else 1."""

import sys
from pathlib import Path

from hashservice.bootstrap.lock import all_installed, read_pins, this_platform

sys.exit(not all_installed(read_pins(Path(sys.argv[1]).read_text("utf8"), this_platform())))
