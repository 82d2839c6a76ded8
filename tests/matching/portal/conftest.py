"""The people of the portal, for the pages that know of images."""

from tests.tenants.portal.conftest import compliance, developer, owner, stranger, visit

__all__ = ["compliance", "developer", "owner", "stranger", "visit"]
