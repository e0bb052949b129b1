# On the command line of the build, not in the Dockerfile: compressed layers.
#   docker buildx build --output type=image,name={image},compression=zstd,oci-mediatypes=true,push=true .
