# Assets are compiled in the build stage; the final stage leaves their sources and caches behind.
RUN SECRET_KEY_BASE_DUMMY=1 ./bin/rails assets:precompile \
 && rm -rf node_modules tmp/cache/assets log/*.log spec test
