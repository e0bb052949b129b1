FROM debian:13

RUN apt-get update && \
    apt-get install -y python3 python3-pip python3-venv gettext git build-essential libpq-dev

ENV VIRTUAL_ENV=/opt/venv
RUN python3 -m venv $VIRTUAL_ENV
ENV PATH="/opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

WORKDIR /code
COPY requirements ./requirements
RUN pip install -r requirements/dev.txt

COPY . .
RUN python3 manage.py compilemessages
RUN python3 manage.py collectstatic --noinput
RUN mkdir -p var && chown -R www-data:www-data /code

USER www-data
EXPOSE 8000
ENTRYPOINT ["/code/docker/entrypoint.sh"]
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "site_config.wsgi"]
