"""The references that every imported row makes are looked up once a statement, not once a row.

Each foreign key costs an import as much as several indexes, though all of its rows name the same
list, run and person. What foreign keys promise stays promised: nothing refers to what is not there,
what is referred to is locked against deletion until the end of the transaction, and is not deleted
afterwards.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TRIGGERS = """
CREATE FUNCTION matching_demand_parents(lists bigint[], runs bigint[], people integer[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    missing text;
BEGIN
    PERFORM FROM matching_hashlist WHERE id = ANY (lists) FOR KEY SHARE;
    PERFORM FROM matching_importrun WHERE id = ANY (runs) FOR KEY SHARE;
    PERFORM FROM auth_user WHERE id = ANY (people) FOR KEY SHARE;
    SELECT min(named) INTO missing FROM (
        SELECT 'list ' || id AS named FROM unnest(lists) AS id
         WHERE id NOT IN (SELECT one.id FROM matching_hashlist AS one WHERE one.id = ANY (lists))
        UNION ALL
        SELECT 'import ' || id FROM unnest(runs) AS id
         WHERE id NOT IN (SELECT one.id FROM matching_importrun AS one WHERE one.id = ANY (runs))
        UNION ALL
        SELECT 'person ' || id FROM unnest(people) AS id
         WHERE id NOT IN (SELECT one.id FROM auth_user AS one WHERE one.id = ANY (people))) AS lost;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'an entry refers to %, which is not there', missing
            USING ERRCODE = 'foreign_key_violation';
    END IF;
END
$$;

CREATE FUNCTION matching_check_added_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM matching_demand_parents(
        ARRAY(SELECT DISTINCT hash_list_id FROM added),
        ARRAY(SELECT DISTINCT import_run_id FROM added WHERE import_run_id IS NOT NULL),
        ARRAY(SELECT DISTINCT created_by_id FROM added));
    RETURN NULL;
END
$$;
CREATE TRIGGER entries_refer_to_what_is_there AFTER INSERT ON matching_hashentry
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION matching_check_added_entries();

CREATE FUNCTION matching_check_moved_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM matching_demand_parents(
        ARRAY[NEW.hash_list_id], array_remove(ARRAY[NEW.import_run_id], NULL),
        ARRAY[NEW.created_by_id]);
    RETURN NEW;
END
$$;
CREATE TRIGGER entry_refers_to_what_is_there BEFORE UPDATE ON matching_hashentry
    FOR EACH ROW WHEN ((NEW.hash_list_id, NEW.import_run_id, NEW.created_by_id)
                       IS DISTINCT FROM (OLD.hash_list_id, OLD.import_run_id, OLD.created_by_id))
    EXECUTE FUNCTION matching_check_moved_entry();

CREATE FUNCTION matching_keep_parent() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    needed boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM matching_hashentry WHERE %I = $1)', TG_ARGV[0])
       INTO needed USING OLD.id;
    IF needed THEN
        RAISE EXCEPTION 'entries refer to % %', TG_TABLE_NAME, OLD.id
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER list_of_entries_stays AFTER DELETE OR UPDATE OF id ON matching_hashlist
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION matching_keep_parent('hash_list_id');
CREATE CONSTRAINT TRIGGER run_of_entries_stays AFTER DELETE OR UPDATE OF id ON matching_importrun
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION matching_keep_parent('import_run_id');
CREATE CONSTRAINT TRIGGER person_of_entries_stays AFTER DELETE OR UPDATE OF id ON auth_user
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION matching_keep_parent('created_by_id');
"""

NO_TRIGGERS = """
DROP TRIGGER person_of_entries_stays ON auth_user;
DROP TRIGGER run_of_entries_stays ON matching_importrun;
DROP TRIGGER list_of_entries_stays ON matching_hashlist;
DROP TRIGGER entry_refers_to_what_is_there ON matching_hashentry;
DROP TRIGGER entries_refer_to_what_is_there ON matching_hashentry;
DROP FUNCTION matching_keep_parent();
DROP FUNCTION matching_check_moved_entry();
DROP FUNCTION matching_check_added_entries();
DROP FUNCTION matching_demand_parents(bigint[], bigint[], integer[]);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("matching", "0020_leaner_entries"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
        migrations.AlterField(
            model_name="hashentry",
            name="created_by",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="hashentry",
            name="hash_list",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="matching.hashlist",
            ),
        ),
        migrations.AlterField(
            model_name="hashentry",
            name="import_run",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="matching.importrun",
            ),
        ),
    ]
