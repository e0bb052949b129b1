# syntax=docker/dockerfile:1
{arguments}
# conda, its cache of packages and what only builds stay in this stage.
FROM {build_base} AS build
{build_install}
RUN conda create --yes --prefix {environment} {packages_words}
#? pip_words
# What pip installed into it.
RUN {environment}/bin/python -m pip install --no-cache-dir {pip_words}
WORKDIR {home}
COPY . .

FROM {base}
{install}
#? environment_path
ENV PATH={environment_path}
{env}
WORKDIR {app_dir}
# The same path as in the build stage: programs name it.
{copies}
{settings}
{health}
{start}
