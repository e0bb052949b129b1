# Owner and mode are set while copying; `RUN chown -R` stores every file a second time.
COPY --link --chown={uid}:{gid} --chmod=0755 --from=build {source} {target}
