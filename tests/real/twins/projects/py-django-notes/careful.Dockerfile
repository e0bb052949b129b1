FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3-venv gettext
RUN python3 -m venv /opt/venv
ENV PATH="/opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
WORKDIR /code
COPY requirements requirements
RUN pip install --no-cache-dir -r requirements/prod.txt
COPY . .
RUN python3 manage.py compilemessages && python3 manage.py collectstatic --noinput \
    && pip uninstall --yes pip

FROM debian:13
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/*
ENV VIRTUAL_ENV=/opt/venv
ENV PATH="/opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
WORKDIR /code
RUN mkdir var && chown www-data:www-data var
COPY --from=build /opt/venv /opt/venv
COPY --from=build /code/staticfiles staticfiles
COPY --from=build /code/locale locale
COPY manage.py ./
COPY docker docker
COPY site_config site_config
COPY notes notes
USER www-data
EXPOSE 8000
ENTRYPOINT ["/code/docker/entrypoint.sh"]
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "site_config.wsgi"]
