"""CustomResourceDefinitions: the API server's own pipeline offline, conversion between versions, fuzz and storage."""
