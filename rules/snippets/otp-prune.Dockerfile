# In a base of your own, in the RUN that builds Erlang/OTP into {otp_root}; a later RUN would save nothing.
# Record files (*.hrl) stay for applications that are compiled on this base.
# Stripping also compresses the modules: smaller on disk, hardly smaller to pull.
RUN {build_otp} \
    && find {otp_root}/lib {otp_root}/erts-* -depth -type d \
        \( -name doc -o -name man -o -name c_src -o -name emacs -o -name info -o -name examples \) -print0 \
        | xargs -0 -r rm -rf \
    && find {otp_root}/lib -path '*/src/*' -type f ! -name '*.hrl' -delete \
    && find {otp_root} -path '*/bin/beam*.smp' -type f -print0 | xargs -0 -r strip --strip-unneeded \
    && erl -noshell -eval 'beam_lib:strip_release("{otp_root}"), halt().'
