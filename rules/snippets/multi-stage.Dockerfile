# Everything that only the build needs stays in the first stage.
FROM {build_image} AS build
RUN {build_command}

FROM {runtime_image}
COPY --link --from=build {artifact} {target}
