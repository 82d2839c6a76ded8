"""Is the web process of this container alive? Ends with 0 when /livez answers 200."""

import os
import sys
from http.client import HTTPConnection

# The service answers to its own names only.
host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip().lstrip("*.")
connection = HTTPConnection("127.0.0.1", 8000, timeout=3)
connection.request("GET", "/livez", headers={"Host": host or "localhost"})
sys.exit(connection.getresponse().status != 200)
