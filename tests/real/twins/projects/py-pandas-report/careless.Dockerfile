FROM debian:13
RUN apt update && apt install -y python3-pip python3-venv git openssh-client procps
RUN python3 -m venv /venv
COPY requirements.txt /tmp/requirements.txt
RUN /venv/bin/pip install -r /tmp/requirements.txt
COPY . /work
WORKDIR /work
ENTRYPOINT ["/venv/bin/python", "-m", "reporting"]
CMD ["--month", "2024-02"]
