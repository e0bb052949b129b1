[inputs: ["{config,lib}/**/*.{ex,exs}"]]
