# syntax=docker/dockerfile:1
{arguments}
# What only builds stays in this stage.
FROM {build_base} AS build
{build_install}
WORKDIR {app_dir}
COPY . .

FROM {base}
{install}
{env}
WORKDIR {app_dir}
{copies}
{settings}
{health}
{start}
