"""The index of chat/queries/search/ splits texts at what PostgreSQL's parser is slow with."""

from django.db import migrations

# As in chat/queries/search/.
SPLITTING = "<>@/~_.:&=+#?-"
WORDS = f"to_tsvector('simple', translate(body, '{SPLITTING}', '{' ' * len(SPLITTING)}'))"
# An index that was interrupted while it was made is there, and not used.
FORGET = "DROP INDEX IF EXISTS message_words"
CREATE = f"CREATE INDEX CONCURRENTLY message_words ON chat_message USING gin ({WORDS})"
BACK = """
CREATE INDEX CONCURRENTLY message_words ON chat_message
USING gin (to_tsvector('simple', body))
"""
DROP = "DROP INDEX CONCURRENTLY message_search"
RENAME = "ALTER INDEX message_words RENAME TO message_search"


def _on_postgresql(*statements):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == 'postgresql':
            for sql in statements:
                schema_editor.execute(sql)

    return run


class Migration(migrations.Migration):

    # People write meanwhile.
    atomic = False

    dependencies = [
        ('chat', '0006_privacy'),
    ]

    operations = [
        migrations.RunPython(
            _on_postgresql(FORGET, CREATE, DROP, RENAME),
            _on_postgresql(FORGET, BACK, DROP, RENAME),
        ),
    ]
