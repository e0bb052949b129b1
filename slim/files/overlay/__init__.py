"""Layers on top of each other: which rows the final filesystem shows, and which layer ended the others.

The semantics are those of the OCI image-spec (layer.md "Applying Changesets") on the overlay model:
whiteouts and opaque markers of a layer act on lower layers only, whatever their place in the tar; then
the layer's own entries go on top, in order, the last one of a path winning. Where the text is silent
the result is what overlay engines show in production, with a warning where engines differ.
"""

from slim.files.overlay.stack import resolve

__all__ = ["resolve"]
