from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from notes.models import Note


def home(request):
    return render(
        request, "notes/home.html", {"notes": Note.objects.all(), "title": _("All notes")}
    )


def note(request, slug):
    return HttpResponse(get_object_or_404(Note, slug=slug).text)
