"""A tenant's settings under the names of the contract, and lookback as a part of plans.

`enhance_default` had no effect so far: there is nothing in it to carry over.
"""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0005_kept_answer'),
    ]

    operations = [
        migrations.AddField(
            model_name='plan',
            name='lookback',
            field=models.BooleanField(default=False, help_text='May have hashes of submissions kept and matched again later.'),
        ),
        migrations.RenameField(
            model_name='tenant',
            old_name='strict',
            new_name='strict_mode',
        ),
        migrations.AlterField(
            model_name='tenant',
            name='strict_mode',
            field=models.BooleanField(default=False, help_text='Answer what could not be checked with an error.'),
        ),
        migrations.RemoveField(
            model_name='tenant',
            name='enhance_default',
        ),
        migrations.AddField(
            model_name='tenant',
            name='enhance_by_default',
            field=models.CharField(choices=[('off', 'not unless the call asks for it'), ('inline', 'before the answer'), ('async', 'after the answer; what it finds is told by webhook')], default='off', help_text='When parts of listed images are searched for, unless the call says otherwise.', max_length=6),
        ),
        migrations.AlterField(
            model_name='tenant',
            name='retain_hashes_days',
            field=models.PositiveSmallIntegerField(default=0, help_text='Days hashes of submissions are kept for lookback; 0 keeps none.', validators=[django.core.validators.MaxValueValidator(365)]),
        ),
        migrations.AddConstraint(
            model_name='tenant',
            constraint=models.CheckConstraint(condition=models.Q(('enhance_by_default__in', ['off', 'inline', 'async'])), name='tenant_enhancement_is_known'),
        ),
        migrations.AddConstraint(
            model_name='tenant',
            constraint=models.CheckConstraint(condition=models.Q(('retain_hashes_days__lte', 365)), name='tenant_retention_is_bounded'),
        ),
    ]
