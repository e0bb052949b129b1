# In the stage that ran `mix release --path /out`, before the final stage copies /out.
# Keeps what a release starts with: erl, erlexec, erl_child_setup, inet_gethost, epmd, beam.smp.
RUN rm -rf /out/lib/*/include \
    && rm -f /out/releases/*/*.script /out/bin/*.bat /out/releases/*/*.bat \
    && cd /out/erts-*/bin \
    && rm -f erlc dialyzer typer ct_run escript yielding_c_fun erl_call dyn_erl start start_erl *.src
