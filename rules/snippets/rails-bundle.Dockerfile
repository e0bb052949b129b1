# Gems are installed in a build stage, cleaned in the same RUN, and copied on.
ENV RAILS_ENV=production BUNDLE_DEPLOYMENT=1 BUNDLE_WITHOUT=development:test BUNDLE_PATH=/usr/local/bundle
COPY Gemfile Gemfile.lock ./
RUN bundle install \
 && rm -rf ~/.bundle "$BUNDLE_PATH"/ruby/*/cache "$BUNDLE_PATH"/ruby/*/bundler/gems/*/.git \
 && find "$BUNDLE_PATH"/ruby/*/gems -type f -path '*/ext/*' \
      \( -name '*.o' -o -name '*.c' -o -name '*.cpp' -o -name '*.h' -o -name mkmf.log \) -delete
