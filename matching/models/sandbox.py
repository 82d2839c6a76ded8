"""What tenants' clients did with the fixtures of the sandbox."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from tenants.models import Tenant


class Reaction(models.TextChoices):
    """What a client did with an upload after the answer."""

    BLOCKED = "blocked", "blocked"
    HELD = "held", "held for a person"
    RETRIED = "retried", "asked again later"
    PASSED = "passed", "let through"


class FixtureReaction(models.Model):
    """The latest that a tenant reported of one fixture."""

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="fixture_reactions")
    fixture = models.CharField(max_length=40)
    reaction = models.CharField(max_length=7, choices=Reaction.choices)
    noted_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "fixture"], name="one_reaction_a_fixture")
        ]

    def __str__(self) -> str:
        return f"{self.fixture}: {self.reaction}"
