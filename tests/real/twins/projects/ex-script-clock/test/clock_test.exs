defmodule ClockTest do
  use ExUnit.Case
end
