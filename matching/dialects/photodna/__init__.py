"""PhotoDNA Cloud Service, version 1.0: Match, MatchHash, MatchEdgeHash, Report.

Clients change the base address and send our API key in `Ocp-Apim-Subscription-Key`. PhotoDNA
hashing itself is licensed by Microsoft and not reproduced; what could not be checked never answers
3000 with `IsMatch: false`.
"""

from matching.dialects.photodna.views import MatchEdgeHashView, MatchHashView, MatchView, ReportView

__all__ = ["MatchEdgeHashView", "MatchHashView", "MatchView", "ReportView"]
