require_relative "lib/gallery"
use Rack::Static, urls: ["/assets"], root: "public"
run Gallery.new
