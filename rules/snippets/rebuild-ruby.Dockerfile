# syntax=docker/dockerfile:1
{arguments}
# Compilers, headers and gems for development stay in this stage.
FROM {build_base} AS build
{build_install}
WORKDIR {home}
ENV BUNDLE_WITHOUT=development:test
COPY . .
#? bundle
RUN bundle install
#? assets
RUN SECRET_KEY_BASE_DUMMY=1 bundle exec rails assets:precompile

FROM {base}
{install}
{env}
WORKDIR {app_dir}
{copies}
{settings}
{health}
{start}
