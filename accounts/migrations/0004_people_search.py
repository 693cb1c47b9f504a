"""The indexes behind the search for people. SQLite reads the table instead.

Not those of the unique names: with most collations LIKE goes by text_pattern_ops alone.
"""

from django.db import migrations

_INDEX = 'CREATE INDEX {} ON accounts_user (lower({}) text_pattern_ops)'
CREATE = [
    _INDEX.format('user_username_prefix', 'username'),
    _INDEX.format('user_display_name_prefix', 'display_name'),
]
DROP = ['DROP INDEX user_username_prefix', 'DROP INDEX user_display_name_prefix']


def _on_postgresql(statements):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == 'postgresql':
            for statement in statements:
                schema_editor.execute(statement)

    return run


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_profile'),
    ]

    operations = [
        migrations.RunPython(_on_postgresql(CREATE), _on_postgresql(DROP)),
    ]
