# syntax=docker/dockerfile:1
# In a base of your own, before anything is installed: dpkg then skips these files in every package.
# Licences stay. Packages that are installed already keep their files; the -slim bases do this from the start.
COPY --chmod=0644 <<"CONF" /etc/dpkg/dpkg.cfg.d/slim
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-include /usr/share/locale/locale.alias
CONF
