# The secret is a file only while this RUN lasts:
#   docker build --secret id={id},src={file} .
RUN --mount=type=secret,id={id},target={target} {command}
# Or as an environment variable for this RUN only (Dockerfile syntax 1.10 and later):
RUN --mount=type=secret,id={id},env={variable} {command}
