"""What is stored is counted from now on; what was stored before is, too.

Of thumbnails and avatars nobody kept the size: each counts as 16 KiB, about what such a
picture takes. Archives of people's data are gone in a week and do not count.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


BLOCK = 4096
PICTURE = 16_384
AT_ONCE = 1_000


def _files(apps):
    """The name, the owner and the bytes of each."""
    attachments = apps.get_model('chat', 'Attachment').objects
    columns = ('file', 'thumbnail', 'uploader', 'size')
    for file, thumbnail, owner, size in attachments.values_list(*columns).iterator():
        yield file, owner, -(-size // BLOCK) * BLOCK
        yield thumbnail, owner, PICTURE
    people = apps.get_model('accounts', 'User').objects.exclude(avatar='')
    for avatar, owner in people.values_list('avatar', 'pk').iterator():
        yield avatar, owner, PICTURE
    rooms = apps.get_model('chat', 'Room').objects.exclude(avatar='')
    for avatar in rooms.values_list('avatar', flat=True).iterator():
        yield avatar, None, PICTURE


def _count(apps, schema_editor):
    stored_file = apps.get_model('chat', 'StoredFile')
    batch, total = [], 0
    for name, owner, size in _files(apps):
        if name:
            batch.append(stored_file(name=name, owner_id=owner, bytes=size))
            total += size
        if len(batch) == AT_ONCE:
            stored_file.objects.bulk_create(batch)
            batch = []
    stored_file.objects.bulk_create(batch)
    apps.get_model('chat', 'StoredTotal').objects.create(pk=1, bytes=total)


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0007_words_of_messages'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='StoredTotal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('bytes', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='StoredFile',
            fields=[
                ('name', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('bytes', models.BigIntegerField()),
                ('owner', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='stored_files', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['owner', 'bytes'], name='stored_file_owner')],
            },
        ),
        migrations.RunPython(_count, migrations.RunPython.noop),
    ]
