# What one RUN adds and removes again is in no layer; a later RUN can only hide it.
RUN {install_command} \
 && {use_command} \
 && {remove_command}
