defmodule Mix.Tasks.Digest do
  @moduledoc """
  Stores each asset of `priv/static` again under a name with its digest, compresses both,
  and writes the `cache_manifest.json` that tells which name is the latest.
  """
  use Mix.Task

  @shortdoc "Digests and compresses static files"
  @static "priv/static"

  @impl true
  def run(_arguments) do
    latest =
      for path <- Path.wildcard("#{@static}/assets/**"), File.regular?(path), into: %{} do
        body = File.read!(path)
        digest = Base.encode16(:erlang.md5(body), case: :lower)
        extension = Path.extname(path)
        digested = "#{Path.rootname(path)}-#{digest}#{extension}"
        File.write!(digested, body)
        for name <- [path, digested], do: File.write!("#{name}.gz", :zlib.gzip(body))
        {Path.relative_to(path, @static), Path.relative_to(digested, @static)}
      end

    pairs = for {name, digested} <- latest, do: ~s("#{name}":"#{digested}")
    digests = for {name, digested} <- latest, do: ~s("#{digested}":{"logical_path":"#{name}"})

    File.write!("#{@static}/cache_manifest.json", [
      ~s({"version":1,"latest":{),
      Enum.join(pairs, ","),
      ~s(},"digests":{),
      Enum.join(digests, ","),
      "}}"
    ])
  end
end
