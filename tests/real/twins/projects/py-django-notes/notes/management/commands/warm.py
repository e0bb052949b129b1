from django.core.management.base import BaseCommand

from notes.models import Note


class Command(BaseCommand):
    help = "Counts notes before the server starts"

    def handle(self, *args, **options):
        self.stdout.write(f"{Note.objects.count()} notes")
