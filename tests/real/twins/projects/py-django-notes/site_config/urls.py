from django.urls import path

from notes import views

urlpatterns = [path("", views.home), path("notes/<slug:slug>/", views.note)]
