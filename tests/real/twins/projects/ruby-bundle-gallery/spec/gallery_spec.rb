require_relative "../lib/gallery"
