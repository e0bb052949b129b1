defmodule Media do
  @moduledoc "Media types by file extension."

  @types %{".css" => "text/css", ".js" => "text/javascript", ".map" => "application/json"}

  for {extension, type} <- @types do
    @doc "The media type of an extension."
    def type(unquote(extension)), do: unquote(type)
  end

  def type(_extension), do: "application/octet-stream"

  @doc "A table of shades, to have a module of some size."
  for number <- 0..1999 do
    def shade(unquote(number)), do: {unquote(number), unquote("shade-#{number}"), unquote(number * 7)}
  end
end
