# syntax=docker/dockerfile:1
{arguments}
# pip, compilers and headers stay in this stage.
FROM {build_base} AS build
{build_install}
WORKDIR {home}
# Created without pip; pip installs into it from outside.
RUN python3 -m venv --without-pip {venv}
COPY . .
#? requirements
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python {venv} install --requirement requirements.txt
#? project
RUN --mount=type=cache,target=/root/.cache/pip pip --python {venv} install .

#? image_python
FROM {toolchain}-slim
#? own_base
FROM {base}
{install}
ENV PATH="{venv}/bin:$PATH"
{env}
WORKDIR {app_dir}
# The same path as in the build stage: the environment's scripts name it.
{copies}
{settings}
{health}
{start}
