"""The gate beside its peers: real tools, real slowdowns, the same noise. ``README.md`` says how to run it."""
