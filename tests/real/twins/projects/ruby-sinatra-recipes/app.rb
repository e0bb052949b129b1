require "sinatra/base"
require "kramdown"
require "json"
require "yaml"
require_relative "lib/recipes"

class RecipeApp < Sinatra::Base
  set :root, __dir__
  set :host_authorization, { permitted_hosts: [] }
  SETTINGS = YAML.safe_load_file(File.join(__dir__, "config/settings.yml"))

  get "/" do
    @names = Recipes.names
    erb :index
  end

  get "/recipe/:name" do
    text = Recipes.text(params[:name]) or halt 404
    Kramdown::Document.new(text).to_html
  end

  get "/api/names" do
    content_type :json
    Recipes.names.to_json
  end
end
