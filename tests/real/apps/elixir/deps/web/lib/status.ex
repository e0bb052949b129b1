defmodule Web.Status do
  @moduledoc "Reason phrases of the status codes that the server gives."

  @reasons %{200 => "OK", 304 => "Not Modified", 404 => "Not Found", 500 => "Internal Server Error"}

  for {code, reason} <- @reasons do
    @doc "The reason phrase of a status code."
    def reason(unquote(code)), do: unquote(reason)
  end

  def reason(_code), do: "Unknown"
end
