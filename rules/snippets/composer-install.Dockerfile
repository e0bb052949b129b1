# Composer works in its own stage; the final image gets vendor and nothing of the tool.
FROM composer:{composer_version} AS vendor
WORKDIR /src
COPY composer.json composer.lock ./
RUN --mount=type=cache,target=/tmp/cache \
    composer install --no-dev --no-scripts --no-autoloader --prefer-dist --ignore-platform-reqs
COPY . .
RUN composer dump-autoload --no-dev --optimize

FROM {php_image}
COPY --link --from=vendor /src {app_dir}
