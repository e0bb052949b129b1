# syntax=docker/dockerfile:1
# In a base of your own, before anything is installed: dpkg then skips these files in every package.
# Licences stay. Already installed packages keep their files; the -slim bases exclude them from the start.
COPY --chmod=0644 <<"CONF" /etc/dpkg/dpkg.cfg.d/slim
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-include /usr/share/locale/locale.alias
CONF
