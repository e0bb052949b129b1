defmodule Linkcheck.CLI do
  @moduledoc "Reports links of Markdown files that lead nowhere."

  def main(arguments) do
    {options, folders, _} = OptionParser.parse(arguments, strict: [ignore: :string])
    ignored = ignored(options[:ignore])

    links =
      for folder <- folders,
          file <- Path.wildcard(Path.join(folder, "**/*.md")),
          [_, target] <- Regex.scan(~r/\]\(([^)#]+)/, File.read!(file)),
          not String.starts_with?(target, "http"),
          target not in ignored do
        {file, target, File.exists?(Path.expand(target, Path.dirname(file)))}
      end

    for {file, target, false} <- links, do: IO.puts("#{file}: no #{target}")
    IO.puts("#{length(links)} links, #{Enum.count(links, &(not elem(&1, 2)))} broken")
  end

  defp ignored(nil), do: []
  defp ignored(path), do: path |> File.read!() |> String.split("\n", trim: true)
end
