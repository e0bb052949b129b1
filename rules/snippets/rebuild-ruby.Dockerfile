# syntax=docker/dockerfile:1
# A Rails service: gems and assets are made in a build stage, the final stage has no compiler.
FROM ruby:{ruby_version}-slim AS base
WORKDIR {app_dir}
ENV RAILS_ENV=production \
    BUNDLE_DEPLOYMENT=1 \
    BUNDLE_PATH=/usr/local/bundle \
    BUNDLE_WITHOUT=development:test
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,target=/var/lib/apt,sharing=locked \
    apt-get update && apt-get install -y --no-install-recommends {runtime_packages}

FROM base AS build
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,target=/var/lib/apt,sharing=locked \
    apt-get update && apt-get install -y --no-install-recommends build-essential git {dev_packages}
COPY Gemfile Gemfile.lock ./
RUN bundle install \
 && rm -rf ~/.bundle "$BUNDLE_PATH"/ruby/*/cache "$BUNDLE_PATH"/ruby/*/bundler/gems/*/.git
COPY . .
RUN bundle exec bootsnap precompile --gemfile app/ lib/
RUN SECRET_KEY_BASE_DUMMY=1 ./bin/rails assets:precompile \
 && rm -rf node_modules tmp/cache/assets log/*.log spec test

FROM base
COPY --from=build /usr/local/bundle /usr/local/bundle
COPY --from=build --chown=65534:65534 {app_dir} {app_dir}
USER 65534:65534
EXPOSE {port}
CMD ["./bin/rails", "server"]
