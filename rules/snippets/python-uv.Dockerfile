# Dependencies are resolved in a build stage; the cache is a mount, the virtual environment is what ships.
FROM python:{python_version}-slim AS build
COPY --from={uv_image} /uv /bin/uv
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never
WORKDIR {app_dir}
RUN --mount=type=cache,target=/root/.cache/uv \
    --mount=type=bind,source=uv.lock,target=uv.lock \
    --mount=type=bind,source=pyproject.toml,target=pyproject.toml \
    uv sync --locked --no-dev --no-install-project

FROM python:{python_version}-slim
WORKDIR {app_dir}
COPY --link --from=build {app_dir}/.venv {app_dir}/.venv
ENV PATH={app_dir}/.venv/bin:$PATH
