"""The demonstration: a list made from pictures, altered copies of them sent over HTTP."""
