"""What becomes of each staged row, by what the list holds of it: decided by PostgreSQL, as a set.

`import_fate` gets a row for everything that is not simply added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.db import connection
from psycopg import sql

from matching.curation.staging import Stage
from matching.models import HashList, ImportRun
from matching.models.entries import SIGNAL_FIELDS

MOST_REFUSALS: Final = 10_000  # are told one by one; more are only counted
ENTRIES, WITHDRAWALS = (False,), (True,)
COMPARED: Final = ("violation", "pdq_trimmed", *(name.value for name in SIGNAL_FIELDS))


class Fate(StrEnum):
    """What becomes of a staged row."""

    ADDED = "added"
    CHANGED = "changed"
    RETIRED = "retired"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


Room = Mapping[Fate, int]
"""How many rows of each fate are to be described."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """One row of a preview: where it stands in the file, and what becomes of it.

    `signals` names the signals that the row carries, or for a changed one what is different;
    values stay where they are.
    """

    number: int
    fate: Fate
    external_id: str
    violation: str
    signals: Sequence[str]
    reason: str


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of the rows; `refusals` gives number and reason of the first ones refused."""

    added: int = 0
    changed: int = 0
    retired: int = 0
    unchanged: int = 0
    refused: int = 0
    refusals: Sequence[tuple[int, str]] = ()
    preview: Sequence[Outlook] = ()


def decided(
    *,
    hash_list: HashList,
    stage: Stage,
    room: Room,
    kinds: Sequence[bool],
    import_run: ImportRun | None = None,
    newest: int | None = None,
) -> Merged:
    """Fill `import_fate` for the rows of `kinds`.

    Entries beyond `newest`, an id, are those that these very rows were added as.
    """
    asked: dict[str, Any] = {
        "list": hash_list.pk,
        "run": import_run.pk if import_run else None,
        "kinds": list(kinds),
        "newest": newest,
    }
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE import_stage")
        for statement in (_REPEATED, _HELD, _UNKNOWN_WITHDRAWN):
            cursor.execute(statement, asked)
            cursor.execute("ANALYZE import_fate")
        cursor.execute("SELECT fate, count(*) FROM import_fate GROUP BY fate")
        counts = dict(cursor.fetchall())
        cursor.execute(_REFUSED, [MOST_REFUSALS])
        refusals = cursor.fetchall()
    staged = (stage.entries if False in kinds else 0) + (stage.withdrawals if True in kinds else 0)
    return Merged(
        added=staged - sum(counts.values()),
        changed=counts.get(Fate.CHANGED, 0),
        retired=counts.get(Fate.RETIRED, 0),
        unchanged=counts.get(Fate.UNCHANGED, 0),
        refused=counts.get(Fate.REFUSED, 0),
        refusals=refusals,
        preview=preview(room, *_SHOWN[tuple(kinds)]),
    )


def preview(room: Room, *fates: Fate) -> list[Outlook]:
    """The first rows of each of `fates`, for which there is `room`."""
    rows: list[Outlook] = []
    with connection.cursor() as cursor:
        for fate in fates:
            if not room.get(fate):
                continue
            cursor.execute(_FIRST_OF[fate], [room[fate]])
            rows += [
                Outlook(number, fate, external_id or "", violation or "", signals, "")
                for number, external_id, violation, signals in cursor.fetchall()
            ]
    return rows


def changed_entries() -> list[int]:
    """The entries that rows of other content are for."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT entry_id FROM import_fate WHERE fate = 'changed'")
        return [pk for (pk,) in cursor.fetchall()]


_SHOWN: Final = {
    ENTRIES: (Fate.ADDED, Fate.CHANGED),
    WITHDRAWALS: (Fate.RETIRED,),
    ENTRIES + WITHDRAWALS: (Fate.ADDED, Fate.CHANGED, Fate.RETIRED),
}


def _names(names: Sequence[str], prefix: str) -> sql.Composed:
    return sql.SQL(", ").join(sql.SQL(prefix) + sql.Identifier(name) for name in names)


def _differs(one: str, other: str) -> sql.Composed:
    return sql.SQL("(ROW({}) IS DISTINCT FROM ROW({}))").format(
        _names(COMPARED, one), _names(COMPARED, other)
    )


_REPEATED: Final = sql.SQL(
    """
    INSERT INTO import_fate
    SELECT s.number, NULL,
        CASE WHEN {differs} THEN 'refused' ELSE 'unchanged' END AS fate,
        CASE WHEN {differs} THEN 'contradicts an earlier record of the same file' ELSE '' END
    FROM import_stage s
    JOIN (SELECT identity, withdrawn, min(number) AS first FROM import_stage
          WHERE withdrawn = ANY(%(kinds)s)
          GROUP BY identity, withdrawn HAVING count(*) > 1) d USING (identity, withdrawn)
    JOIN import_stage f ON f.number = d.first
    WHERE s.number > d.first
    """
).format(differs=_differs("s.", "f."))

_HELD: Final = sql.SQL(
    """
    WITH before AS MATERIALIZED (SELECT number FROM import_fate)
    INSERT INTO import_fate
    SELECT s.number, e.id,
        CASE WHEN s.withdrawn THEN CASE e.state WHEN 'retired' THEN 'unchanged' ELSE 'retired' END
             WHEN e.state = 'retired' THEN 'refused'
             WHEN NOT {differs} THEN 'unchanged'
             WHEN e.import_run_id = %(run)s OR e.state <> 'pending' THEN 'refused'
             ELSE 'changed' END,
        CASE WHEN s.withdrawn THEN ''
             WHEN e.state = 'retired' THEN 'was retired, and retirement is final'
             WHEN NOT {differs} THEN ''
             WHEN e.state = 'pending' AND e.import_run_id = %(run)s
                 THEN 'contradicts an earlier record of the same file'
             WHEN e.state = 'pending' THEN ''
             ELSE 'is ' || e.state || ' already, with other signals or violation' END
    FROM import_stage s
    CROSS JOIN LATERAL (
        SELECT * FROM matching_hashentry e
        WHERE e.hash_list_id = %(list)s AND e.identity = s.identity COLLATE "default"
        AND (e.id + 0 <= %(newest)s OR %(newest)s IS NULL)
        OFFSET 0) e
    WHERE s.withdrawn = ANY(%(kinds)s)
    AND NOT EXISTS (SELECT FROM before f WHERE f.number = s.number)
    """
).format(differs=_differs("s.", "e."))

"""Looked up one by one, which `OFFSET 0` makes sure of: a list that was filled a moment ago has no
statistics yet, and PostgreSQL would take it for small and read all of it with every lot. The index
is of the database's own collation. `+ 0`, lest the entries be looked for by their ids, of which
nearly all are small enough. What was decided before is put aside, lest the rows that come be read
again for every one of them."""

_UNKNOWN_WITHDRAWN: Final = """
    WITH before AS MATERIALIZED (SELECT number FROM import_fate)
    INSERT INTO import_fate
    SELECT s.number, NULL, CASE WHEN l.identity IS NULL THEN 'unchanged' ELSE 'retired' END, ''
    FROM import_stage s
    LEFT JOIN (SELECT DISTINCT identity FROM import_stage WHERE NOT withdrawn) l USING (identity)
    WHERE s.withdrawn AND true = ANY(%(kinds)s)
    AND NOT EXISTS (SELECT FROM before f WHERE f.number = s.number)
"""
"""An entry that the same file brings and takes back ends as retired, whatever the order."""

_REFUSED: Final = """
    SELECT number, reason FROM import_fate WHERE fate = 'refused' ORDER BY number LIMIT %s
"""

_CARRIED: Final = sql.SQL("array_remove(ARRAY[{}], NULL)").format(
    sql.SQL(", ").join(
        sql.SQL("CASE WHEN s.{} IS NOT NULL THEN {} END").format(
            sql.Identifier(name), sql.Literal(name.value)
        )
        for name in SIGNAL_FIELDS
    )
)

_DIFFERENT: Final = sql.SQL("array_remove(ARRAY[{}], NULL)").format(
    sql.SQL(", ").join(
        sql.SQL("CASE WHEN s.{name} IS DISTINCT FROM e.{name} THEN {word} END").format(
            name=sql.Identifier(name), word=sql.Literal(name)
        )
        for name in COMPARED
    )
)

_FIRST_OF: Final = {
    Fate.ADDED: sql.SQL(
        "SELECT s.number, s.external_id, s.violation, {} FROM import_stage s"
        " WHERE NOT s.withdrawn"
        " AND NOT EXISTS (SELECT FROM import_fate f WHERE f.number = s.number)"
        " ORDER BY s.number LIMIT %s"
    ).format(_CARRIED),
    **{
        fate: sql.SQL(
            "SELECT s.number, coalesce(e.external_id, s.external_id),"
            " coalesce(s.violation, e.violation), {}"
            " FROM import_fate f JOIN import_stage s USING (number)"
            " LEFT JOIN matching_hashentry e ON e.id = f.entry_id"
            " WHERE f.fate = {} ORDER BY s.number LIMIT %s"
        ).format(_DIFFERENT if fate is Fate.CHANGED else _CARRIED, sql.Literal(fate.value))
        for fate in (Fate.CHANGED, Fate.RETIRED)
    },
}
