# syntax=docker/dockerfile:1
{arguments}
# The image's own build, as its history records it: what only builds stays in this stage.
FROM {build_base} AS build
{build_env}
{steps}
{as_root}
#? assembled
RUN mix release --path /out
#? java_home
# A runtime of all modules; `jdeps --print-module-deps` says which of them the program names itself.
RUN jlink --add-modules ALL-MODULE-PATH --strip-debug --no-man-pages --no-header-files --output /jre
{prune}

FROM {final_base}
{account}
{install}
# The image's own steps deleted what the packages bring.
{removed}
#? java_home
COPY --from=build /jre {java_home}
#? assembled
ENV LANG=C.UTF-8 RELEASE_TMP=/tmp
#? assembled
#? phoenix
ENV PHX_SERVER=true
#? environment_path
ENV PATH={environment_path}
{env}
WORKDIR {app_dir}
#? assembled
COPY {from_build} /out ./
#? standalone
ENV HOSTNAME=0.0.0.0 PORT={standalone_port}
#? standalone
{copies}
{transfers}
{links}
#? library_index
# The loader finds copied libraries by its index.
RUN ldconfig
{labels}
{settings}
{health}
{start}
