# What is needed is named, and nothing that apt only recommends comes along.
RUN {lean_apt_command}
