defmodule Shop.Router do
  @moduledoc "Pages, a checksum, and the digested assets under priv/static."

  @doc "Answer a request: status, content type, body."
  def call("GET", "/"), do: {200, "text/html", "<h1>shop #{version()}</h1>"}

  def call("GET", "/sum/" <> text),
    do: {200, "text/plain", Base.encode16(:crypto.hash(:sha256, text), case: :lower)}

  def call("GET", "/assets/" <> name) do
    path = Path.join([:code.priv_dir(:shop), "static", "assets", Path.basename(name)])

    case File.read(path) do
      {:ok, body} -> {200, Media.type(Path.extname(path)), body}
      {:error, _} -> {404, "text/plain", "not found"}
    end
  end

  def call(_method, _path), do: {404, "text/plain", "not found"}

  @doc "The version of the application that runs."
  def version, do: to_string(Application.spec(:shop, :vsn))
end
