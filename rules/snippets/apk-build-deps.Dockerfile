# Best: build in an earlier stage and copy the result.
# If it must be one stage, add, build and remove in a single RUN: a later `apk del` only hides the files.
RUN apk add --no-cache {runtime_packages} \
    && apk add --no-cache --virtual .build-deps {build_packages} \
    && {build_command} \
    && apk del --no-network .build-deps
