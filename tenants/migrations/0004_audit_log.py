"""The audit log as Merkle trees: seals, stored nodes and signed checkpoints, all append-only."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

TABLES = ("tenants_auditseal", "tenants_auditnode", "tenants_checkpoint")
REFUSE = """
CREATE TRIGGER audit_rows_never_change BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION tenants_refuse_audit_change();
CREATE TRIGGER audit_is_never_emptied BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION tenants_refuse_audit_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER audit_rows_never_change;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER audit_is_never_emptied;
"""
ALLOW = """
DROP TRIGGER audit_is_never_emptied ON {table};
DROP TRIGGER audit_rows_never_change ON {table};
"""


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0003_plans'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditNode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level', models.PositiveSmallIntegerField()),
                ('index', models.PositiveBigIntegerField()),
                ('hash', models.BinaryField(max_length=32)),
                ('tenant', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('tenant', 'level', 'index'), name='one_node_a_place', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='AuditSeal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sequence', models.PositiveBigIntegerField(help_text='Dense in every log, from 0.')),
                ('leaf_hash', models.BinaryField(max_length=32)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('event', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='seal', to='tenants.auditevent')),
                ('tenant', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('tenant', 'sequence'), name='one_seal_a_place', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='Checkpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('size', models.PositiveBigIntegerField(help_text='Events in the log.')),
                ('root_hash', models.BinaryField(max_length=32)),
                ('origin', models.CharField(help_text='The name the log has had ever since.', max_length=200)),
                ('text', models.TextField(help_text='The signed note.')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('tenant', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'size'), name='one_checkpoint_a_size', nulls_distinct=False)],
            },
        ),
        *[
            migrations.RunSQL(REFUSE.format(table=table), ALLOW.format(table=table))
            for table in TABLES
        ],
    ]
