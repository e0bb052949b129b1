# In the build stage, after linking. Shared libraries keep their dynamic symbols.
RUN strip --strip-all {binary} \
 && find {lib_dir} -type f -name '*.so*' -print0 | xargs -0 -r strip --strip-unneeded
