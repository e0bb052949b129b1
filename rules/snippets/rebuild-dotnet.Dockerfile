# syntax=docker/dockerfile:1
{arguments}
# The SDK, sources and NuGet's cache stay in this stage.
FROM {build_base} AS build
{build_install}
WORKDIR {home}
COPY . .
RUN --mount=type=cache,target=/root/.nuget/packages dotnet publish -c Release -o {output}

FROM {base}
{install}
{env}
WORKDIR {app_dir}
{copies}
{settings}
{health}
{start}
