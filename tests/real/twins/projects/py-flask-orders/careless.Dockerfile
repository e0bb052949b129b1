FROM debian:13
RUN apt-get update
RUN apt-get install -y python3 python3-pip python3-dev build-essential git curl vim
ENV PYTHONUNBUFFERED=1
WORKDIR /usr/src/app
COPY . .
RUN pip install --break-system-packages -r requirements-dev.txt
EXPOSE 8000
CMD ["gunicorn", "-c", "gunicorn.conf.py", "orders.app:app"]
