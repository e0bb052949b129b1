FROM debian:13
RUN apt-get update && apt-get install -y python3 python3-pip python3-dev gcc gfortran
WORKDIR /model
COPY . .
RUN pip install --break-system-packages -r requirements.txt
RUN pip install --break-system-packages matplotlib ipython
RUN python3 train.py
EXPOSE 8360
CMD ["python3", "serve.py"]
