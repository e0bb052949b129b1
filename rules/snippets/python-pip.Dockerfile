# pip keeps its downloads in a cache mount; the environment does not contain pip itself.
FROM python:{python_version}-slim AS build
RUN python -m venv --without-pip {app_dir}/.venv
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=bind,source=requirements.txt,target=/tmp/requirements.txt \
    pip --python {app_dir}/.venv/bin/python install -r /tmp/requirements.txt

FROM python:{python_version}-slim
COPY --link --from=build {app_dir}/.venv {app_dir}/.venv
ENV PATH={app_dir}/.venv/bin:$PATH
