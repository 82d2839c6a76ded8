"""Pages of the portal that know of images: trying it, submissions, feedback, reports."""
