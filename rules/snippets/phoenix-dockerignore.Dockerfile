# .dockerignore of a Phoenix project: what the build makes itself, and what it must not see.
# .git/HEAD and .git/refs stay for applications that show their commit.
.git
!.git/HEAD
!.git/refs
/_build/
/deps/
/assets/node_modules/
/priv/static/assets/
/priv/static/cache_manifest.json
/priv/plts/
/cover/
/doc/
/test/
/tmp/
.elixir_ls/
.lexical/
.expert/
*.ez
erl_crash.dump
.env*
/config/*.secret.exs
