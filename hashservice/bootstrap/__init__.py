"""Brings the project's own environment into being. Standard library only."""

from hashservice.bootstrap.environment import BootstrapError, ensure_environment

__all__ = ["BootstrapError", "ensure_environment"]
