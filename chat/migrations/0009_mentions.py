"""Mentions as rows, so that an index counts them; those of the messages that are there."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# As chat/mentions.py has it: "room" is everybody, and then nobody else is named.
FILL = """
INSERT INTO chat_mention (message_id, user_id, room_id, seq, sender_id)
SELECT m.id, u.id, m.room_id, m.seq, m.sender_id
FROM chat_message m CROSS JOIN {elements} LEFT JOIN accounts_user u ON {is_user}
WHERE m.kind = 'user' AND m.deleted_at IS NULL
AND CASE WHEN {everybody} THEN one.value = 'room' ELSE u.id IS NOT NULL END
"""
POSTGRESQL = FILL.format(
    elements="LATERAL jsonb_array_elements_text(m.mentions) AS one(value)",
    is_user="u.id::text = one.value",
    everybody="m.mentions @> '[\"room\"]'",
)
SQLITE = FILL.format(
    elements="json_each(m.mentions) AS one",
    is_user="u.id = replace(one.value, '-', '')",
    everybody="m.mentions LIKE '%%\"room\"%%'",
)


def _fill(apps, schema_editor):
    is_sqlite = schema_editor.connection.vendor == "sqlite"
    schema_editor.execute(SQLITE if is_sqlite else POSTGRESQL, ())


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0008_stored_files'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Mention',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='chat.message')),
                ('user', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('room', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='chat.room')),
                ('seq', models.BigIntegerField()),
                ('sender', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['user', 'room', 'seq', 'sender'], name='mention_seq')],
            },
        ),
        migrations.RunPython(_fill, migrations.RunPython.noop),
    ]
