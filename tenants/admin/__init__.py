"""Tenants, people and the audit log in Django's admin; what the pages of every app share."""

from tenants.admin import accounts, customers, events, sign_in, sign_ups

__all__ = ["accounts", "customers", "events", "sign_in", "sign_ups"]
