"""Trials of API keys over HTTP, on a service of their own."""
