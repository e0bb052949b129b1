# syntax=docker/dockerfile:1
# A .NET service: the SDK builds, the smallest runtime image that fits runs it.
FROM {dotnet_sdk_image} AS build
WORKDIR /src
COPY {project_dir}/{project}.csproj {project_dir}/
RUN --mount=type=cache,target=/root/.nuget/packages \
    dotnet restore {project_dir}/{project}.csproj -r {runtime_id}
COPY . .
RUN --mount=type=cache,target=/root/.nuget/packages \
    dotnet publish {project_dir}/{project}.csproj -c Release -r {runtime_id} --self-contained false \
      -p:DebugType=none -p:SatelliteResourceLanguages={languages} -o /out

# A chiseled or distroless variant where the program needs neither shell nor package manager.
FROM {dotnet_runtime_image}
WORKDIR {app_dir}
COPY --from=build /out ./
EXPOSE {port}
ENTRYPOINT ["dotnet", "{project}.dll"]
