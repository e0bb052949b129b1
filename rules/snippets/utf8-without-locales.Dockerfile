# The C.UTF-8 locale comes with the C library package of Debian, Ubuntu and Fedora: UTF-8 without `locales`.
# Remove that package, the locale-gen step and any LANGUAGE or LC_ALL that names en_US.UTF-8 together with it.
ENV LANG=C.UTF-8
