"""Hash lists in and out of the service: one file a format, all with the same face."""

from matching.importers.export import export_list
from matching.importers.formats import FORMATS, Format, format_named
from matching.importers.mapping import CsvMapping, MappingInvalid
from matching.importers.report import ImportReport
from matching.importers.rows import FileUnreadable, Refusal, Row
from matching.importers.run import import_file

__all__ = [
    "FORMATS",
    "CsvMapping",
    "FileUnreadable",
    "Format",
    "ImportReport",
    "MappingInvalid",
    "Refusal",
    "Row",
    "export_list",
    "format_named",
    "import_file",
]
