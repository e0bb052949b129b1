# Install and clean in one RUN: a later RUN cannot take bytes out of an earlier layer.
RUN conda install --yes --no-update-deps {packages} \
 && conda clean --all --force-pkgs-dirs --yes \
 && find {conda_dir} -type f \( -name '*.a' -o -name '*.js.map' \) -delete
