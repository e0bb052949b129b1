# The nvidia wheels bring the CUDA libraries: the base needs no runtime or devel libraries.
FROM nvidia/cuda:{cuda_version}-base-ubuntu{ubuntu_version}
COPY --link --from=build {app_dir}/.venv {app_dir}/.venv
