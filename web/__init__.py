"""The pages for people, over the engine in `sync`."""
