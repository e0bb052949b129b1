# The build packages come and go within one RUN; what the extension links to stays.
RUN apk add --no-cache {runtime_packages} \
 && apk add --no-cache --virtual .build-deps $PHPIZE_DEPS {dev_packages} \
 && docker-php-ext-install {extensions} \
 && apk del .build-deps
