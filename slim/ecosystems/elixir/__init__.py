"""Erlang and Elixir: OTP applications, Mix, releases."""
