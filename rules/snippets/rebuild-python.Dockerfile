# syntax=docker/dockerfile:1
# A Python service in a virtual environment that a build stage makes with uv.
FROM python:{python_version}-slim AS build
COPY --from={uv_image} /uv /bin/uv
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never
# Only for distributions that come without a wheel; the compiler stays in this stage.
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,target=/var/lib/apt,sharing=locked \
    apt-get update && apt-get install -y --no-install-recommends {build_packages}
WORKDIR {app_dir}
# Dependencies first: this layer survives a change of the code.
RUN --mount=type=cache,target=/root/.cache/uv \
    --mount=type=bind,source=uv.lock,target=uv.lock \
    --mount=type=bind,source=pyproject.toml,target=pyproject.toml \
    uv sync --locked --no-dev --no-install-project
COPY . .
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --locked --no-dev --no-editable

FROM python:{python_version}-slim
ENV PATH={app_dir}/.venv/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR {app_dir}
# Same path and same interpreter as in the build stage: the scripts name both.
COPY --link --from=build {app_dir}/.venv {app_dir}/.venv
USER 65534:65534
EXPOSE {port}
CMD {command}
