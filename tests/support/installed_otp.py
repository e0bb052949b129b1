"""What the package databases of otp look like."""

from __future__ import annotations

APP = b"""
%% generated
{application, 'phoenix', [
  {description, "Peace of mind, from \\"prototype\\" to production\\n"},
  {vsn, "1.8.0"},
  {modules, ['Elixir.Phoenix', phoenix_app]},
  {registered, []},
  {optional_applications, [plug_cowboy]},
  {applications, [kernel, stdlib, plug_cowboy, telemetry]},
  {included_applications, [inner]},
  {mod, {'Elixir.Phoenix', #{a => 1.5e3, <<"b">> => $c, c => 16#FF}}}, {env, [x|y]}
]}.
rest is ignored
"""

REL = b"""{release, {"demo","0.1.0"}, {erts,"15.2.7"},
 [{kernel,"10.2.7"}, {stdlib,"6.2.2",permanent}, {demo,"0.1.0"}, {sasl,"4.2.2",load,[]}, oops]}.
"""
