FROM debian:13
RUN apt-get update && apt-get install -y python3 python3-venv pipx git
RUN pipx install poetry
ENV PATH=/root/.local/bin:$PATH
ENV POETRY_VIRTUALENVS_IN_PROJECT=true
WORKDIR /srv/invoices
COPY . .
RUN python3 -m venv .venv && .venv/bin/pip install -r requirements-dev.txt
EXPOSE 8300
CMD ["poetry", "run", "uvicorn", "invoices.app:app", "--host", "0.0.0.0", "--port", "8300"]
