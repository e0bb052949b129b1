# In the build stage, after the installation and before the environment is copied on:
# directories called test or tests that contain test modules, but not those called testing.
RUN find {venv} -path '*/site-packages/*' \( -path '*/tests/test_*.py' -o -path '*/test/test_*.py' \) -print0 \
    | xargs -0 -r dirname -z | sort -zu | xargs -0 -r rm -rf
