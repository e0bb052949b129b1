# A Java runtime with only the modules that the program asks for.
# jdeps --ignore-missing-deps --print-module-deps --multi-release {java_version} app.jar   lists them.
FROM eclipse-temurin:{java_version}-jdk AS jre
RUN jlink --add-modules {modules} --strip-debug --no-man-pages --no-header-files \
      --compress=zip-6 --output /jre

FROM debian:{debian_release}-slim
ENV JAVA_HOME=/opt/java PATH=/opt/java/bin:$PATH
COPY --link --from=jre /jre /opt/java
COPY --link --from=build {jar} {app_dir}/app.jar
CMD ["java", "-jar", "{app_dir}/app.jar"]
