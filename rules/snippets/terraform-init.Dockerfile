# Providers are fetched into a cache mount while the configuration is checked, and by `init` at run time.
RUN --mount=type=cache,target=/root/.terraform.d/plugin-cache \
    --mount=type=tmpfs,target=/tmp/tf \
    TF_PLUGIN_CACHE_DIR=/root/.terraform.d/plugin-cache TF_DATA_DIR=/tmp/tf \
    terraform init -backend=false && terraform validate
