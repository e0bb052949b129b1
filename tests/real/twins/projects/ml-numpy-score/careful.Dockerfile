FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-pip
WORKDIR /model
COPY requirements.txt train.py ./
RUN pip install --break-system-packages --target /libraries -r requirements.txt
RUN PYTHONPATH=/libraries python3 train.py

FROM debian:13
RUN apt-get update && apt-get install -y --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*
ENV PYTHONPATH=/libraries
WORKDIR /model
COPY --from=build /libraries /libraries
COPY --from=build /model/model.npy ./
COPY serve.py ./
EXPOSE 8360
CMD ["python3", "serve.py"]
