# Files that one RUN adds and removes again are in no layer; a later RUN can only hide them.
RUN {joined_commands}
