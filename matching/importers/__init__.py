"""Hash lists in and out of the service: one file a format, all with the same face."""

from matching.importers.export import export_list
from matching.importers.files import FileMissing
from matching.importers.formats import FORMATS, MAPPED, Format, format_named
from matching.importers.mapping import CsvMapping, MappingInvalid
from matching.importers.report import ImportReport
from matching.importers.rows import FileUnreadable, LeftOut, Refusal, Row
from matching.importers.run import import_file

__all__ = [
    "FORMATS",
    "MAPPED",
    "CsvMapping",
    "FileMissing",
    "FileUnreadable",
    "Format",
    "ImportReport",
    "LeftOut",
    "MappingInvalid",
    "Refusal",
    "Row",
    "export_list",
    "format_named",
    "import_file",
]
