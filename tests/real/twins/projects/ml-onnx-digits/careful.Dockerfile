FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv
WORKDIR /job
COPY . .
RUN python3 -m venv /export && /export/bin/pip install --no-cache-dir -r requirements-export.txt && /export/bin/python export.py
RUN python3 -m venv --without-pip /venv && /export/bin/pip --python /venv/bin/python install --no-cache-dir -r requirements.txt

FROM debian:13
RUN apt-get update && apt-get install -y --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*
ENV PATH=/venv/bin:$PATH
WORKDIR /job
COPY --from=build /venv /venv
COPY --from=build /job/sum.onnx ./
COPY run.py ./
CMD ["python", "run.py"]
