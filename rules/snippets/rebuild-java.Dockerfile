# syntax=docker/dockerfile:1
{arguments}
# The development kit and the build tool stay in this stage.
FROM {build_base} AS build
{build_install}
WORKDIR {home}
COPY . .
#? maven
RUN --mount=type=cache,target=/root/.m2 mvn --batch-mode package
#? maven_wrapper
RUN --mount=type=cache,target=/root/.m2 ./mvnw --batch-mode package
#? gradle
RUN --mount=type=cache,target=/root/.gradle gradle --no-daemon build
#? gradle_wrapper
RUN --mount=type=cache,target=/root/.gradle ./gradlew --no-daemon build
#? java_home
# A runtime of all modules; `jdeps --print-module-deps` says which of them the program names itself.
RUN jlink --add-modules ALL-MODULE-PATH --strip-debug --no-man-pages --no-header-files --output /jre

FROM {base}
{install}
COPY --from=build /jre {java_home}
ENV JAVA_HOME={java_home} PATH="{java_home}/bin:$PATH"
{env}
WORKDIR {app_dir}
{copies}
{settings}
{health}
{start}
