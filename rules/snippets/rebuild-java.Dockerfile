# syntax=docker/dockerfile:1
# A Java service with a runtime of just the modules that it uses.
FROM maven:{maven_version}-eclipse-temurin-{java_version} AS build
WORKDIR /src
COPY pom.xml ./
RUN --mount=type=cache,target=/root/.m2 mvn --batch-mode dependency:go-offline
COPY src ./src
RUN --mount=type=cache,target=/root/.m2 \
    mvn --batch-mode package && cp target/{artifact}.jar /app.jar

FROM eclipse-temurin:{java_version}-jdk AS jre
# Ask once, then write the list down:
#   jdeps --ignore-missing-deps --print-module-deps --multi-release {java_version} app.jar
# What reflection and services load does not show there: jdk.crypto.ec, jdk.localedata, jdk.zipfs, …
RUN jlink --add-modules {modules} --strip-debug --no-man-pages --no-header-files \
      --compress=zip-6 --output /jre

FROM debian:{debian_release}-slim
ENV JAVA_HOME=/opt/java PATH=/opt/java/bin:$PATH
WORKDIR {app_dir}
COPY --link --from=jre /jre /opt/java
COPY --link --from=build /app.jar ./app.jar
USER 65534:65534
EXPOSE {port}
CMD ["java", "-jar", "app.jar"]
