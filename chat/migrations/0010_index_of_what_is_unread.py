"""The index that counts what is unread, made while people write."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class AddIndexWhileServing(AddIndexConcurrently):
    """SQLite has one writer and makes its indexes like any others."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == 'postgresql':
            # One that was interrupted leaves an index that is not used.
            schema_editor.execute(f'DROP INDEX IF EXISTS {self.index.name}')
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        else:
            migrations.AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        migrations.AddIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('chat', '0009_mentions'),
    ]

    operations = [
        AddIndexWhileServing(
            model_name='message',
            index=models.Index(condition=models.Q(('deleted_at', None), ('kind', 'user')), fields=['room', 'seq', 'sender'], name='message_said'),
        ),
    ]
