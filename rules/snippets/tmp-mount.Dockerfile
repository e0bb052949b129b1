# Temporary files from this RUN live in memory and leave no layer.
RUN --mount=type=tmpfs,target=/tmp {command}
