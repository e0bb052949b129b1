# syntax=docker/dockerfile:1
{arguments}
# Composer, headers and compilers stay in this stage.
FROM {build_base} AS build
{build_install}
WORKDIR {home}
COPY . .
#? composer
RUN --mount=type=cache,target=/root/.composer/cache composer install --no-dev --optimize-autoloader

FROM {base}
{install}
{env}
WORKDIR {app_dir}
{copies}
{settings}
{health}
{start}
