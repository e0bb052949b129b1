# The SDK stays in the build stage; NuGet's folders are cache mounts.
FROM {dotnet_sdk_image} AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/root/.nuget/packages \
    dotnet publish {project} -c Release -r {runtime_id} --self-contained false \
      -p:DebugType=none -p:SatelliteResourceLanguages=en -o /out

FROM {dotnet_runtime_image}
WORKDIR {app_dir}
COPY --link --from=build /out ./
ENTRYPOINT ["dotnet", "{assembly}.dll"]
