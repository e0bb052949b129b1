"""What is reported of an image or of two: values, decided here; `slim.formats` writes them."""
