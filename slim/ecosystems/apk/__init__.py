"""Alpine and Wolfi: apk."""
