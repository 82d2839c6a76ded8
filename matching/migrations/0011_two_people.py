"""PostgreSQL itself sees to it that two people stand behind whatever starts to match.

A list comes into the world as a draft. It becomes shadow or active, and its threshold changes, only
with a decision that one curator proposed and another approved, that says exactly this, and that
was not used before. The same holds for an entry or a signal type that was stopped. What was
approved is not changed afterwards, and what is retired stays so.
"""

from django.db import migrations

TWO_PEOPLE = """
CREATE FUNCTION matching_is_curator(person integer) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM auth_user AS one
         WHERE one.id = person AND one.is_active
           AND (one.is_superuser OR EXISTS (
                SELECT 1 FROM auth_user_groups AS belongs
                  JOIN auth_group AS circle ON circle.id = belongs.group_id
                 WHERE belongs.user_id = one.id AND circle.name = 'Curators')))
$$;

CREATE FUNCTION matching_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'check_violation';
END
$$;

CREATE FUNCTION matching_use_decision(
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
    UPDATE matching_decision SET applied_at = now() WHERE id = chosen.id;
END
$$;

CREATE FUNCTION matching_check_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'open' OR NEW.applied_at IS NOT NULL
           OR NOT matching_is_curator(NEW.proposed_by_id) THEN
            RAISE EXCEPTION 'a decision begins as the proposal of a curator'
                USING ERRCODE = 'check_violation';
        END IF;
    ELSIF (NEW.hash_list_id, NEW.entry_id, NEW.signal, NEW.field, NEW.before, NEW.after,
           NEW.reason, NEW.proposed_by_id, NEW.proposed_at)
          IS DISTINCT FROM
          (OLD.hash_list_id, OLD.entry_id, OLD.signal, OLD.field, OLD.before, OLD.after,
           OLD.reason, OLD.proposed_by_id, OLD.proposed_at) THEN
        RAISE EXCEPTION 'a proposal is not changed: propose anew' USING ERRCODE = 'check_violation';
    ELSIF OLD.state = 'refused' OR OLD.applied_at IS NOT NULL
          OR (OLD.state = 'approved' AND (NEW.state, NEW.decided_by_id, NEW.decided_at)
              IS DISTINCT FROM (OLD.state, OLD.decided_by_id, OLD.decided_at)) THEN
        RAISE EXCEPTION 'what was decided stays decided' USING ERRCODE = 'check_violation';
    ELSIF NEW.applied_at IS NOT NULL AND OLD.state <> 'approved' THEN
        RAISE EXCEPTION 'only what was approved can be used' USING ERRCODE = 'check_violation';
    ELSIF NEW.state = 'approved' AND (NEW.decided_by_id = NEW.proposed_by_id
          OR NOT matching_is_curator(NEW.decided_by_id)
          OR NOT matching_is_curator(NEW.proposed_by_id)) THEN
        RAISE EXCEPTION 'a second curator has to approve' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER decision_by_two BEFORE INSERT OR UPDATE ON matching_decision
    FOR EACH ROW EXECUTE FUNCTION matching_check_decision();

CREATE FUNCTION matching_check_list() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> OLD.state AND NEW.state IN ('shadow', 'active') THEN
        PERFORM matching_use_decision(NEW.id, NULL, '', 'state', OLD.state, NEW.state);
    END IF;
    IF NEW.pdq_threshold <> OLD.pdq_threshold THEN
        PERFORM matching_use_decision(NEW.id, NULL, '', 'pdq_threshold',
            OLD.pdq_threshold::text, NEW.pdq_threshold::text);
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER list_started_by_two BEFORE UPDATE OF state, pdq_threshold ON matching_hashlist
    FOR EACH ROW EXECUTE FUNCTION matching_check_list();
CREATE TRIGGER list_begins_as_draft BEFORE INSERT ON matching_hashlist
    FOR EACH ROW WHEN (NEW.state <> 'draft')
    EXECUTE FUNCTION matching_refuse('a list begins as a draft');
CREATE TRIGGER list_stays_what_it_is BEFORE UPDATE ON matching_hashlist
    FOR EACH ROW WHEN ((NEW.id, NEW.slug, NEW.kind, NEW.effect)
                       IS DISTINCT FROM (OLD.id, OLD.slug, OLD.kind, OLD.effect)
                       OR (OLD.state = 'retired' AND NEW.state <> 'retired')
                       OR (OLD.state <> 'draft' AND NEW.state = 'draft'))
    EXECUTE FUNCTION matching_refuse('name, kind and effect of a list stay; retirement is final');

CREATE FUNCTION matching_check_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM matching_use_decision(NULL, NEW.id, '', 'state', OLD.state, NEW.state);
    RETURN NEW;
END
$$;
CREATE TRIGGER entry_resumed_by_two BEFORE UPDATE OF state ON matching_hashentry
    FOR EACH ROW WHEN (OLD.state = 'suspended' AND NEW.state = 'active')
    EXECUTE FUNCTION matching_check_entry();
CREATE TRIGGER entry_stays_what_was_approved BEFORE UPDATE ON matching_hashentry
    FOR EACH ROW WHEN (
        (OLD.state <> 'pending' OR NEW.state = 'active') AND (
            (NEW.id, NEW.hash_list_id, NEW.identity, NEW.created_by_id, NEW.sha256, NEW.sha1,
             NEW.md5, NEW.pdq, NEW.pdq_quality, NEW.pdq_trimmed, NEW.photodna)
            IS DISTINCT FROM
            (OLD.id, OLD.hash_list_id, OLD.identity, OLD.created_by_id, OLD.sha256, OLD.sha1,
             OLD.md5, OLD.pdq, OLD.pdq_quality, OLD.pdq_trimmed, OLD.photodna)
            OR NEW.approved_by_id IS DISTINCT FROM OLD.approved_by_id
               AND OLD.approved_by_id IS NOT NULL
            OR OLD.state = 'retired' AND NEW.state <> 'retired'
            OR OLD.state <> 'pending' AND NEW.state = 'pending'))
    EXECUTE FUNCTION matching_refuse('what was approved is not changed; retirement is final');

CREATE FUNCTION matching_check_stopped() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    started text;
BEGIN
    FOR started IN
        SELECT unnest(OLD.stopped) EXCEPT SELECT unnest(NEW.stopped)
    LOOP
        PERFORM matching_use_decision(NULL, NULL, started, 'stopped', 'yes', 'no');
    END LOOP;
    RETURN NEW;
END
$$;
CREATE TRIGGER signal_started_by_two BEFORE UPDATE OF stopped ON matching_listsversion
    FOR EACH ROW WHEN (OLD.stopped IS DISTINCT FROM NEW.stopped)
    EXECUTE FUNCTION matching_check_stopped();
"""

ONE_IS_ENOUGH = """
DROP TRIGGER signal_started_by_two ON matching_listsversion;
DROP TRIGGER entry_stays_what_was_approved ON matching_hashentry;
DROP TRIGGER entry_resumed_by_two ON matching_hashentry;
DROP TRIGGER list_stays_what_it_is ON matching_hashlist;
DROP TRIGGER list_begins_as_draft ON matching_hashlist;
DROP TRIGGER list_started_by_two ON matching_hashlist;
DROP TRIGGER decision_by_two ON matching_decision;
DROP FUNCTION matching_check_stopped();
DROP FUNCTION matching_check_entry();
DROP FUNCTION matching_check_list();
DROP FUNCTION matching_check_decision();
DROP FUNCTION matching_use_decision(bigint, bigint, text, text, text, text);
DROP FUNCTION matching_refuse();
DROP FUNCTION matching_is_curator(integer);
"""


class Migration(migrations.Migration):
    dependencies = [("matching", "0010_lifecycle"), ("auth", "0012_alter_user_first_name_max_length")]

    operations = [migrations.RunSQL(TWO_PEOPLE, ONE_IS_ENOUGH)]
