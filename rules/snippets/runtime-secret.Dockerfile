# Nothing secret at build time: the orchestrator mounts it when the container starts.
#   docker run --mount type=bind,src={file},dst=/run/secrets/{id},readonly {image}
ENV {variable}_FILE=/run/secrets/{id}
