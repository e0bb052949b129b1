# Without a GPU: the CPU build of PyTorch comes without the nvidia and triton wheels.
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install --index-url {pytorch_cpu_index} torch=={torch_version}
