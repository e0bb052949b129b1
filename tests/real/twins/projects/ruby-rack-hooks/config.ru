require "json"
require "csv"
require "erb"

ROUTES = JSON.parse(File.read(File.join(__dir__, "data", "routes.json")))
PAGE = ERB.new(File.read(File.join(__dir__, "templates", "hooks.erb")))

run lambda { |env|
  name = env["PATH_INFO"].delete_prefix("/hook/")
  if env["PATH_INFO"] == "/"
    routes = ROUTES
    [200, { "content-type" => "text/html" }, [PAGE.result(binding)]]
  elsif ROUTES.key?(name)
    [200, { "content-type" => "application/json" }, [JSON.generate("hook" => name, "to" => ROUTES[name])]]
  else
    [404, { "content-type" => "text/plain" }, ["none"]]
  end
}
