# The program starts without npm: take only the interpreter into a plain base with the same C library.
FROM node:{node_version}-{debian_release}-slim AS node

FROM debian:{debian_release}-slim
COPY --link --from=node /usr/local/bin/node /usr/local/bin/node
COPY --link --from=build {app_dir} {app_dir}
WORKDIR {app_dir}
USER 65534:65534
ENV NODE_ENV=production
CMD ["node", "{entry}"]
