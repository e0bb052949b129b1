# Spring Boot 3.3 and later: dependencies and application as separate layers, each jar once.
FROM eclipse-temurin:{java_version}-jdk AS layers
WORKDIR /layers
RUN --mount=type=bind,from=build,source={jar},target=app.jar \
    java -Djarmode=tools -jar app.jar extract --layers --launcher --destination out

FROM eclipse-temurin:{java_version}-jre
WORKDIR {app_dir}
COPY --link --from=layers /layers/out/dependencies/ ./
COPY --link --from=layers /layers/out/spring-boot-loader/ ./
COPY --link --from=layers /layers/out/snapshot-dependencies/ ./
COPY --link --from=layers /layers/out/application/ ./
CMD ["java", "org.springframework.boot.loader.launch.JarLauncher"]
