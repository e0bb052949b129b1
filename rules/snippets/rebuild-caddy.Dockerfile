# syntax=docker/dockerfile:1
{arguments}
# What builds the site stays in this stage.
FROM {build_base} AS build
{build_install}
WORKDIR {home}
COPY . .
#? build
RUN npm ci && npm run build

FROM {base}
{install}
{env}
WORKDIR {app_dir}
{copies}
{settings}
{health}
{start}
