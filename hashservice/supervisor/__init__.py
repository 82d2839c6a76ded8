"""All processes of the service on one machine under one supervisor."""

from hashservice.supervisor import programs
from hashservice.supervisor.programs import Program
from hashservice.supervisor.running import Service, ServiceError, answers, running
from hashservice.supervisor.supervisor import Supervisor

__all__ = ["Program", "Service", "ServiceError", "Supervisor", "answers", "programs", "running"]
