defmodule CLITest do
  use ExUnit.Case
  test "runs", do: Linkcheck.CLI.main(["share"])
end
