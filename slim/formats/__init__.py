"""One module per output format; renderers write what the report says and decide nothing."""
