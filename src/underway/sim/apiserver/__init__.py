"""The API server of the embedded cluster: manners for the store, in memory and over HTTPS."""
