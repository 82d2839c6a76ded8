"""Who belongs to whom: new tenants, their people, and the curators of the lists."""

from tenants.memberships.curators import CURATORS, UsernameTaken, create_curator, find_curator
from tenants.memberships.founding import CreatedTenant, PlanUnknown, create_tenant
from tenants.memberships.invitations import (
    AddressInvalid,
    InvitationInvalid,
    accept_invitation,
    account_of,
    invite,
    open_invitation,
    open_invitations,
    revoke_invitation,
)
from tenants.memberships.members import (
    AlreadyMember,
    LastOwner,
    NotAMember,
    add_member,
    change_role,
    find_member,
    membership_of,
    memberships_of,
    remove_member,
)
from tenants.memberships.roles import GRANTABLE_SCOPES, PERMISSIONS, Permission, may
from tenants.memberships.sign_ups import (
    AlreadyDecided,
    approve_sign_up,
    decline_sign_up,
    request_sign_up,
)

__all__ = [
    "CURATORS",
    "GRANTABLE_SCOPES",
    "PERMISSIONS",
    "AddressInvalid",
    "AlreadyDecided",
    "AlreadyMember",
    "CreatedTenant",
    "InvitationInvalid",
    "LastOwner",
    "NotAMember",
    "Permission",
    "PlanUnknown",
    "UsernameTaken",
    "accept_invitation",
    "account_of",
    "add_member",
    "approve_sign_up",
    "change_role",
    "create_curator",
    "create_tenant",
    "decline_sign_up",
    "find_curator",
    "find_member",
    "invite",
    "may",
    "membership_of",
    "memberships_of",
    "open_invitation",
    "open_invitations",
    "remove_member",
    "request_sign_up",
    "revoke_invitation",
]
