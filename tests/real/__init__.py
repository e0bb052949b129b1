"""Tests against the real tools: buildah, skopeo, umoci, mmdebstrap, dive, and Go's tar reader."""
