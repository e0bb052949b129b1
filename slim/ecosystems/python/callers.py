"""Distributions of Python that start programs of the system, by other names than their own."""

CALLERS = {
    "pdf2image": ("poppler-utils",),
    "pytesseract": ("tesseract-ocr",),
    "pydub": ("ffmpeg",),
    "moviepy": ("ffmpeg", "imagemagick"),
    "imageio": ("ffmpeg",),
    "openai-whisper": ("ffmpeg",),
    "librosa": ("ffmpeg",),
    "yt-dlp": ("ffmpeg",),
    "pdfkit": ("wkhtmltopdf",),
    "imgkit": ("wkhtmltopdf",),
    "pypandoc": ("pandoc",),
    "wand": ("imagemagick",),
    "playwright": ("chromium",),
    "selenium": ("chromium", "chromium-driver", "firefox-esr"),
    "gitpython": ("git",),
    "textract": ("poppler-utils", "tesseract-ocr", "antiword", "unrtf"),
    "ocrmypdf": ("tesseract-ocr", "ghostscript", "unpaper", "pngquant"),
    "graphviz": ("graphviz",),
    "pydot": ("graphviz",),
    "camelot-py": ("ghostscript",),
}
"""Distribution → packages of the system, as its documentation says."""
