defmodule Ledger.Web do
  @moduledoc "OTP's own HTTP server, with this module as its only handler."
  require Record
  Record.defrecord(:mod, Record.extract(:mod, from_lib: "inets/include/httpd.hrl"))

  def child_spec(_), do: %{id: __MODULE__, start: {__MODULE__, :start_link, []}}

  def start_link do
    File.mkdir_p!("/tmp/ledger")

    :inets.start(:httpd, [
      port: Application.fetch_env!(:ledger, :port),
      server_name: ~c"ledger",
      server_root: ~c"/tmp/ledger",
      document_root: ~c"/tmp/ledger",
      modules: [__MODULE__]
    ], :stand_alone)
  end

  def unquote(:do)(request) do
    {status, body} = answer(to_string(mod(request, :request_uri)))
    head = [code: status, content_type: ~c"text/plain", content_length: Integer.to_charlist(byte_size(body))]
    {:proceed, [{:response, {:response, head, [body]}}]}
  end

  defp answer("/accounts"), do: {200, File.read!(Application.app_dir(:ledger, "priv/seeds/accounts.csv"))}

  defp answer("/motd"), do: {200, File.read!(Path.join(System.get_env("RELEASE_ROOT", "rel/overlays"), "conf/motd.txt"))}

  defp answer("/digit/" <> number), do: {200, number <> "-" <> Ledger.Digit.of(number)}
  defp answer(_), do: {404, "none"}
end
