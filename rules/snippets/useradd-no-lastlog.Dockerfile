# --no-log-init keeps /var/log/lastlog and faillog from growing with the user id.
RUN useradd --no-log-init --uid {uid} --create-home {user}
