# One format of the weights, in its own layer before the code.
FROM python:{python_version}-slim AS model
RUN --mount=type=cache,target=/root/.cache/pip pip install huggingface_hub
RUN python -c "from huggingface_hub import snapshot_download; snapshot_download('{model}', revision='{revision}', local_dir='/model', ignore_patterns=['*.bin', '*.h5', '*.msgpack', '*.ot', 'original/*'])" \
 && rm -rf /model/.cache

FROM {runtime_image}
COPY --link --from=model /model {model_dir}
