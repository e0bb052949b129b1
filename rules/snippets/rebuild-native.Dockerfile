# syntax=docker/dockerfile:1
{arguments}
# The compiler and the sources stay in this stage.
FROM {build_base} AS build
{build_install}
WORKDIR /src
COPY . .
# Build it here.

FROM {base}
{install}
{env}
WORKDIR {app_dir}
{copies}
{settings}
{health}
{start}
