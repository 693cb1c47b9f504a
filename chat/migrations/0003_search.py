"""The index behind chat/queries/search/. SQLite has none of its kind and does without."""

from django.db import migrations

CREATE = """
CREATE INDEX message_search ON chat_message USING gin (to_tsvector('simple', body))
"""
DROP = "DROP INDEX message_search"


def _on_postgresql(sql):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == 'postgresql':
            schema_editor.execute(sql)

    return run


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0002_moderation_and_reading'),
    ]

    operations = [
        migrations.RunPython(_on_postgresql(CREATE), _on_postgresql(DROP)),
    ]
