"""The one way in which the web's role gets at signatures: those that wait for a segment."""

from django.db import migrations

CREATE = """
CREATE FUNCTION matching_waiting_signatures(wanted bigint[])
RETURNS TABLE (id bigint, sealed bytea, hash_list_id bigint, identity text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT signature.id, signature.sealed, entry.hash_list_id, entry.identity::text
      FROM public.matching_localsignature AS signature
      JOIN public.matching_hashentry AS entry ON entry.id = signature.entry_id
     WHERE signature.id = ANY (wanted) AND signature.segment_id IS NULL
       AND entry.state = 'active'
$$;
REVOKE ALL ON FUNCTION matching_waiting_signatures(bigint[]) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [("matching", "0024_waiting_images")]
    operations = [
        migrations.RunSQL(CREATE, "DROP FUNCTION matching_waiting_signatures(bigint[])")
    ]
