# syntax=docker/dockerfile:1
# A PHP service on the Alpine variant, which keeps no compiler after the extensions are built.
FROM composer:{composer_version} AS vendor
WORKDIR /src
COPY composer.json composer.lock ./
RUN --mount=type=cache,target=/tmp/cache \
    composer install --no-dev --no-scripts --no-autoloader --prefer-dist --ignore-platform-reqs
COPY . .
RUN composer dump-autoload --no-dev --optimize

FROM php:{php_version}-fpm-alpine
RUN apk add --no-cache {runtime_packages} \
 && apk add --no-cache --virtual .build-deps $PHPIZE_DEPS {dev_packages} \
 && docker-php-ext-install {extensions} \
 && apk del .build-deps
WORKDIR {app_dir}
COPY --from=vendor --chown=82:82 /src ./
USER www-data
EXPOSE {port}
CMD ["php-fpm"]
