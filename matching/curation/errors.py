"""Why a curator's act was refused."""


class Conflict(Exception):
    """The state of the entry or list does not allow the act."""


class EntryExists(Conflict):
    """The list has an entry of this identity already."""


class AlreadyRetired(Conflict):
    """The entry was retired before; retirement is final."""


class FourEyesRequired(Conflict):
    """The same person can not both add and approve."""


class SeniorRequired(FourEyesRequired):
    """One of the two people has to be a senior curator."""
