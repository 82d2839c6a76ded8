"""Where there are senior curators, one of the two who start something live has to be one of them.

Where nobody ever was made one, any two curators start it, as before. A senior curator who has left
still counts as having been there: their going does not lower the bar.
"""

from django.db import migrations

SENIORS = """
CREATE OR REPLACE FUNCTION matching_is_senior(person integer) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT matching_is_curator(person) AND EXISTS (
        SELECT 1 FROM auth_user_groups AS belongs
          JOIN auth_group AS circle ON circle.id = belongs.group_id
         WHERE belongs.user_id = person AND circle.name = 'Senior curators')
$$;

CREATE OR REPLACE FUNCTION matching_takes_senior(of_list bigint, of_entry bigint)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
            SELECT 1 FROM auth_user_groups AS belongs
              JOIN auth_group AS circle ON circle.id = belongs.group_id
             WHERE circle.name = 'Senior curators')
       AND NOT EXISTS (
            SELECT 1 FROM matching_hashlist AS one
             WHERE one.kind = 'test' AND one.id = coalesce(of_list, (
                SELECT hash_list_id FROM matching_hashentry WHERE id = of_entry)))
$$;

CREATE OR REPLACE FUNCTION matching_use_decision(
    of_list bigint, of_entry bigint, of_signal text, of_field text, was text, becomes text
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    chosen matching_decision;
BEGIN
    SELECT * INTO chosen FROM matching_decision
     WHERE hash_list_id IS NOT DISTINCT FROM of_list AND entry_id IS NOT DISTINCT FROM of_entry
       AND signal = of_signal AND field = of_field AND before = was AND after = becomes
       AND state = 'approved' AND applied_at IS NULL
     ORDER BY id DESC LIMIT 1 FOR UPDATE;
    IF NOT FOUND OR chosen.decided_by_id = chosen.proposed_by_id
       OR NOT matching_is_curator(chosen.decided_by_id)
       OR NOT matching_is_curator(chosen.proposed_by_id) THEN
        RAISE EXCEPTION 'two curators have to decide that % goes from % to %',
            of_field, was, becomes USING ERRCODE = 'check_violation';
    END IF;
    IF matching_takes_senior(of_list, of_entry)
       AND NOT matching_is_senior(chosen.decided_by_id)
       AND NOT matching_is_senior(chosen.proposed_by_id) THEN
        RAISE EXCEPTION 'one of the two who decide that % goes from % to % is a senior curator',
            of_field, was, becomes USING ERRCODE = 'check_violation';
    END IF;
    UPDATE matching_decision SET applied_at = now() WHERE id = chosen.id;
END
$$;
"""

NO_SENIORS = """
CREATE OR REPLACE FUNCTION matching_takes_senior(of_list bigint, of_entry bigint)
RETURNS boolean LANGUAGE sql STABLE AS 'SELECT false';
"""


class Migration(migrations.Migration):
    dependencies = [("matching", "0022_fewer_indexes")]

    operations = [migrations.RunSQL(SENIORS, NO_SENIORS)]
