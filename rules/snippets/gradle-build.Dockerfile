# Gradle's home is a cache mount; only the finished jar leaves the stage.
FROM gradle:{gradle_version}-jdk{java_version} AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/home/gradle/.gradle \
    gradle --no-daemon {task} && cp build/libs/{artifact}.jar /app.jar

FROM eclipse-temurin:{java_version}-jre
COPY --link --from=build /app.jar {app_dir}/app.jar
CMD ["java", "-jar", "{app_dir}/app.jar"]
