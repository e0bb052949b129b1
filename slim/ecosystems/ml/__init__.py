"""Machine learning: models and data sets in the caches of the Hugging Face hub, code for GPUs."""

from __future__ import annotations

from slim.ecosystems.ml.gpus import other_architectures
from slim.ecosystems.ml.models import second_format, unreferenced
from slim.ecosystems.model import Ecosystem
from slim.facts.variables import Variable

ML = Ecosystem(
    name="ml",
    variables=(
        Variable(
            name="hf",
            samples=("root/.cache/huggingface/hub",),
            env=("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE", "HF_HOME/hub"),
            in_cache=(b"huggingface/hub",),
        ),
    ),
    queries={
        "gpu.other_architectures": other_architectures,
        "model.second_format": second_format,
        "model.unreferenced": unreferenced,
    },
)
