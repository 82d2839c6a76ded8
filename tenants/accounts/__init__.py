"""People who sign in, to the admin and to the portal: one door, by django-allauth."""
