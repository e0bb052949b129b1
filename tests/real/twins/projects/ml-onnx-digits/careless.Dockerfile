FROM debian:13
RUN apt-get update && apt-get install -y python3 python3-venv python3-pip
RUN python3 -m venv /venv
ENV PATH=/venv/bin:$PATH
WORKDIR /job
COPY . .
RUN pip install -r requirements-export.txt
RUN python export.py
CMD ["python", "run.py"]
