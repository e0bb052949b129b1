# The wheels are mounted while they are installed and never become a layer.
FROM python:{python_version} AS wheels
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=bind,source=requirements.txt,target=/tmp/requirements.txt \
    pip wheel --wheel-dir /wheels -r /tmp/requirements.txt

FROM python:{python_version}-slim
RUN --mount=type=bind,from=wheels,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index /wheels/*.whl
