# The local repository is a cache mount; only the finished jar leaves the stage.
FROM maven:{maven_version}-eclipse-temurin-{java_version} AS build
WORKDIR /src
COPY pom.xml ./
COPY src ./src
RUN --mount=type=cache,target=/root/.m2 \
    mvn --batch-mode package && cp target/{artifact}.jar /app.jar

FROM eclipse-temurin:{java_version}-jre
COPY --link --from=build /app.jar {app_dir}/app.jar
CMD ["java", "-jar", "{app_dir}/app.jar"]
