"""Bring what was staged into a list: each row gets its fate from what the list holds of it.

PostgreSQL decides over all staged rows together. Whether the rows of a whole file take effect
together is up to the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models.expressions import RawSQL
from psycopg import sql

from matching.curation.drafts import await_other_additions
from matching.curation.lifecycle import retire_entries
from matching.curation.staging import TYPES
from matching.models import HashEntry, HashList, ImportRun
from matching.models.entries import SIGNAL_FIELDS
from matching.partial import keep_signatures

WITHDRAWN: Final = "withdrawn by its source"
MOST_REFUSALS: Final = 10_000  # are told one by one; more are only counted
ENTRIES, WITHDRAWALS = (False,), (True,)
COMPARED: Final = ("violation", "pdq_trimmed", *(name.value for name in SIGNAL_FIELDS))
TAKEN_OVER: Final = tuple(name for name in TYPES if name not in ("number", "withdrawn"))


class Fate(StrEnum):
    """What becomes of a staged row."""

    ADDED = "added"
    CHANGED = "changed"
    RETIRED = "retired"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


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

    added: int
    changed: int
    retired: int
    unchanged: int
    refused: int
    refusals: Sequence[tuple[int, str]]
    preview: Sequence[Outlook]


def merge_entries(
    *,
    hash_list: HashList,
    actor: User,
    import_run: ImportRun,
    signatures: Mapping[str, bytes],
    previewed: int = 0,
) -> Merged:
    """Add what is new as pending, and change what is pending still; withdrawals wait.

    Entries in force stay as they are, but for the votes on them. Whoever changes a pending entry
    becomes the one who added it: the approval has to come from somebody else. Pending entries that
    the file merely repeats go over to `import_run`. `signatures` are the local ones, by identity of
    the staged entry. `previewed` rows of each fate are described.
    Writes no audit row: the import has its own.
    """
    with transaction.atomic():
        await_other_additions(hash_list)
        decided = _decided(hash_list, import_run, ENTRIES, previewed)
        _take_over(hash_list, actor, import_run)
        replaced = _changed() if decided.changed else []
        keep_signatures(hash_list=hash_list, signatures=signatures, replaced=replaced)
    return decided


def retire_withdrawn(
    *, hash_list: HashList, actor: User, import_run: ImportRun, previewed: int = 0
) -> Merged:
    """Retire the entries that the source took back: they stop matching at once."""
    with transaction.atomic():
        decided = _decided(hash_list, import_run, WITHDRAWALS, previewed)
        if decided.retired:
            ids = RawSQL("SELECT entry_id FROM import_fate WHERE fate = 'retired'", [])
            entries = HashEntry.objects.filter(pk__in=ids)
            retire_entries(entries=entries, actor=actor, reason=WITHDRAWN, was_false=True)
    return decided


def compare_stage(*, hash_list: HashList, previewed: int = 0) -> Merged:
    """What would become of everything that is staged, if it was merged."""
    with transaction.atomic():
        return _decided(hash_list, None, ENTRIES + WITHDRAWALS, previewed)


def _changed() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT entry_id FROM import_fate WHERE fate = 'changed'")
        return [pk for (pk,) in cursor.fetchall()]


def _decided(
    hash_list: HashList, import_run: ImportRun | None, kinds: Sequence[bool], previewed: int
) -> Merged:
    """Fill `import_fate` with the fate of every row of `kinds` but those that are simply added."""
    asked: dict[str, Any] = {
        "list": hash_list.pk,
        "run": import_run.pk if import_run else None,
        "kinds": list(kinds),
    }
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE import_stage")
        cursor.execute("DROP TABLE IF EXISTS import_fate")
        for statement in (_REPEATED, _HELD, _UNKNOWN_WITHDRAWN):
            cursor.execute(statement, asked)
        cursor.execute("ANALYZE import_fate")
        cursor.execute("SELECT fate, count(*) FROM import_fate GROUP BY fate")
        counts = dict(cursor.fetchall())
        cursor.execute(_REFUSED, [MOST_REFUSALS])
        refusals = cursor.fetchall()
        preview = _preview(cursor, kinds, previewed) if previewed else ()
        cursor.execute("SELECT count(*) FROM import_stage WHERE withdrawn = ANY(%(kinds)s)", asked)
        [staged] = cursor.fetchone()
    return Merged(
        added=staged - sum(counts.values()),
        changed=counts.get(Fate.CHANGED, 0),
        retired=counts.get(Fate.RETIRED, 0),
        unchanged=counts.get(Fate.UNCHANGED, 0),
        refused=counts.get(Fate.REFUSED, 0),
        refusals=refusals,
        preview=preview,
    )


def _preview(cursor: Any, kinds: Sequence[bool], previewed: int) -> list[Outlook]:
    rows: list[Outlook] = []
    for fate in _FIRST_OF:
        if (fate is Fate.RETIRED) not in kinds:
            continue
        cursor.execute(_FIRST_OF[fate], [previewed])
        rows += [
            Outlook(number, fate, external_id or "", violation or "", signals, "")
            for number, external_id, violation, signals in cursor.fetchall()
        ]
    return rows


def _take_over(hash_list: HashList, actor: User, import_run: ImportRun) -> None:
    template = HashEntry(hash_list=hash_list, import_run=import_run, created_by=actor)
    usual = {
        field.attname: field.get_db_prep_save(field.pre_save(template, add=True), connection)
        for field in HashEntry._meta.concrete_fields
        if not field.primary_key and field.attname not in TAKEN_OVER
    }
    whose: dict[str, Any] = {"run": import_run.pk, "person": actor.pk}
    with connection.cursor() as cursor:
        cursor.execute(_insertion(tuple(usual)), list(usual.values()))
        cursor.execute(_CHANGE, whose)
        cursor.execute(_REPEAT, whose)
        cursor.execute(_VOTE)


def _names(names: Sequence[str], prefix: str = "") -> sql.Composed:
    return sql.SQL(", ").join(sql.SQL(prefix) + sql.Identifier(name) for name in names)


def _insertion(usual: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(
        "INSERT INTO matching_hashentry ({taken}, {usual}) SELECT {from_stage}, {values}"
        " FROM import_stage s WHERE NOT withdrawn"
        " AND NOT EXISTS (SELECT FROM import_fate f WHERE f.number = s.number)"
    ).format(
        taken=_names(TAKEN_OVER),
        usual=_names(usual),
        from_stage=_names(TAKEN_OVER, "s."),
        values=sql.SQL(", ").join(sql.Placeholder() * len(usual)),
    )


def _differs(one: str, other: str) -> sql.Composed:
    return sql.SQL("({}) IS DISTINCT FROM ({})").format(
        sql.SQL("ROW(") + _names(COMPARED, one) + sql.SQL(")"),
        sql.SQL("ROW(") + _names(COMPARED, other) + sql.SQL(")"),
    )


_REPEATED: Final = sql.SQL(
    """
    CREATE TEMPORARY TABLE import_fate AS
    SELECT s.number, NULL::int8 AS entry_id,
        CASE WHEN {differs} THEN 'refused' ELSE 'unchanged' END AS fate,
        CASE WHEN {differs} THEN 'contradicts an earlier record of the same file' ELSE '' END
            AS reason
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
    JOIN matching_hashentry e ON e.hash_list_id = %(list)s AND e.identity = s.identity
    WHERE s.withdrawn = ANY(%(kinds)s)
    AND NOT EXISTS (SELECT FROM import_fate f WHERE f.number = s.number)
    """
).format(differs=_differs("s.", "e."))

_UNKNOWN_WITHDRAWN: Final = """
    INSERT INTO import_fate
    SELECT s.number, NULL, CASE WHEN l.identity IS NULL THEN 'unchanged' ELSE 'retired' END, ''
    FROM import_stage s
    LEFT JOIN (SELECT DISTINCT identity FROM import_stage WHERE NOT withdrawn) l USING (identity)
    WHERE s.withdrawn AND true = ANY(%(kinds)s)
    AND NOT EXISTS (SELECT FROM import_fate f WHERE f.number = s.number)
"""
"""An entry that the same file brings and takes back ends as retired, whatever the order."""

_CHANGE: Final = sql.SQL(
    """
    UPDATE matching_hashentry e
    SET import_run_id = %(run)s, created_by_id = %(person)s, {changes}
    FROM import_fate f JOIN import_stage s USING (number)
    WHERE f.fate = 'changed' AND e.id = f.entry_id AND e.state = 'pending'
    """
).format(
    changes=sql.SQL(", ").join(
        sql.SQL("{name} = s.{name}").format(name=sql.Identifier(name)) for name in TAKEN_OVER
    )
)

_REPEAT: Final = """
    UPDATE matching_hashentry e SET import_run_id = %(run)s
    FROM import_fate f
    WHERE f.fate = 'unchanged' AND e.id = f.entry_id AND e.state = 'pending'
    AND e.import_run_id IS DISTINCT FROM %(run)s
"""

_VOTE: Final = """
    UPDATE matching_hashentry e SET votes = s.votes
    FROM import_fate f JOIN import_stage s USING (number)
    WHERE f.fate = 'unchanged' AND e.id = f.entry_id AND NOT s.withdrawn
    AND e.votes IS DISTINCT FROM s.votes
"""

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
