"""Bring what was staged into a list. Whether the rows of a whole file take effect together is up to
the caller's transaction.

Most rows of most files are new. So all of them are offered to the table first, which takes what it
does not have; only if some are left over, these are compared with what the list holds of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models.expressions import RawSQL
from psycopg import sql

from matching.curation.drafts import await_other_additions
from matching.curation.fates import (
    ENTRIES,
    WITHDRAWALS,
    Fate,
    Merged,
    Room,
    changed_entries,
    decided,
    preview,
)
from matching.curation.lifecycle import retire_entries
from matching.curation.staging import TYPES, Stage
from matching.models import HashEntry, HashList, ImportRun
from matching.partial import keep_signatures

WITHDRAWN: Final = "withdrawn by its source"
TAKEN_OVER: Final = tuple(name for name in TYPES if name not in ("number", "withdrawn"))


def merge_entries(
    *,
    hash_list: HashList,
    actor: User,
    import_run: ImportRun,
    stage: Stage,
    signatures: Mapping[str, bytes],
    room: Room,
) -> Merged:
    """Add what is new as pending, and change what is pending still; withdrawals wait.

    Entries in force stay as they are, but for the votes on them. Whoever changes a pending entry
    becomes the one who added it: the approval has to come from somebody else. Pending entries that
    the file merely repeats go over to `import_run`. `signatures` are the local ones, by identity of
    the staged entry. As many rows of each fate are described as there is `room` for.
    Writes no audit row: the import has its own.
    """
    with transaction.atomic():
        await_other_additions(hash_list)
        newest = _newest_id()
        added = _add(hash_list, actor, import_run)
        if added == stage.entries:
            merged = Merged(added=added, preview=preview(room, Fate.ADDED))
        else:
            merged = decided(
                hash_list=hash_list,
                import_run=import_run,
                stage=stage,
                kinds=ENTRIES,
                room=room,
                newest=newest,
            )
            _change(actor, import_run)
        replaced = changed_entries() if merged.changed else []
        keep_signatures(hash_list=hash_list, signatures=signatures, replaced=replaced)
    return merged


def retire_withdrawn(
    *, hash_list: HashList, actor: User, import_run: ImportRun, stage: Stage, room: Room
) -> Merged:
    """Retire the entries that the source took back: they stop matching at once."""
    with transaction.atomic():
        stage.recall_withdrawals()
        merged = decided(
            hash_list=hash_list, import_run=import_run, stage=stage, kinds=WITHDRAWALS, room=room
        )
        if merged.retired:
            ids = RawSQL("SELECT entry_id FROM import_fate WHERE fate = 'retired'", [])
            entries = HashEntry.objects.filter(pk__in=ids)
            retire_entries(entries=entries, actor=actor, reason=WITHDRAWN, was_false=True)
    return merged


def compare_stage(*, hash_list: HashList, stage: Stage, room: Room) -> Merged:
    """What would become of everything that is staged, if it was merged."""
    with transaction.atomic():
        stage.recall_withdrawals()
        kinds = ENTRIES + WITHDRAWALS
        return decided(hash_list=hash_list, stage=stage, kinds=kinds, room=room)


def _newest_id() -> int:
    """A number that no entry has, above all that were added before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('matching_hashentry', 'id'))")
        [newest] = cursor.fetchone()
    return int(newest)


def _add(hash_list: HashList, actor: User, import_run: ImportRun) -> int:
    """Insert the staged entries that the list does not have; returns how many these were."""
    template = HashEntry(hash_list=hash_list, import_run=import_run, created_by=actor)
    usual = {
        field.attname: field.get_db_prep_save(field.pre_save(template, add=True), connection)
        for field in HashEntry._meta.concrete_fields
        if not field.primary_key and field.attname not in TAKEN_OVER
    }
    with connection.cursor() as cursor:
        cursor.execute(_insertion(tuple(usual)), list(usual.values()))
        return int(cursor.rowcount)


def _change(actor: User, import_run: ImportRun) -> None:
    whose: dict[str, Any] = {"run": import_run.pk, "person": actor.pk}
    with connection.cursor() as cursor:
        cursor.execute(_CHANGE, whose)
        cursor.execute(_REPEAT, whose)
        cursor.execute(_VOTE)


def _names(names: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _insertion(usual: tuple[str, ...]) -> sql.Composed:
    """Of rows that are alike the first one in the file is taken."""
    return sql.SQL(
        "INSERT INTO matching_hashentry ({taken}, {usual}) SELECT {taken}, {values}"
        " FROM import_stage WHERE NOT withdrawn ORDER BY number"
        " ON CONFLICT (hash_list_id, identity) DO NOTHING"
    ).format(
        taken=_names(TAKEN_OVER),
        usual=_names(usual),
        values=sql.SQL(", ").join(sql.Placeholder() * len(usual)),
    )


def _among(fate: str) -> sql.Composed:
    """That `e` is an entry of that fate: so it is looked up by its id, whatever the statistics."""
    return sql.SQL("e.id = ANY(ARRAY(SELECT entry_id FROM import_fate WHERE fate = {}))").format(
        sql.Literal(fate)
    )


_CHANGE: Final = sql.SQL(
    """
    UPDATE matching_hashentry e
    SET import_run_id = %(run)s, created_by_id = %(person)s, {changes}
    FROM import_fate f JOIN import_stage s USING (number)
    WHERE f.fate = 'changed' AND e.id = f.entry_id AND {among} AND e.state = 'pending'
    """
).format(
    among=_among("changed"),
    changes=sql.SQL(", ").join(
        sql.SQL("{name} = s.{name}").format(name=sql.Identifier(name)) for name in TAKEN_OVER
    ),
)

_REPEAT: Final = sql.SQL(
    """
    UPDATE matching_hashentry e SET import_run_id = %(run)s
    WHERE {among} AND e.state || '' = 'pending' AND e.import_run_id IS DISTINCT FROM %(run)s
    """
).format(among=_among("unchanged"))

_VOTE: Final = sql.SQL(
    """
    UPDATE matching_hashentry e SET votes = s.votes
    FROM import_fate f JOIN import_stage s USING (number)
    WHERE f.fate = 'unchanged' AND e.id = f.entry_id AND {among} AND NOT s.withdrawn
    AND e.votes IS DISTINCT FROM s.votes
    """
).format(among=_among("unchanged"))
