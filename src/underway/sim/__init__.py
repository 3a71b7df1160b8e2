"""Shell: the embedded cluster, a deterministic world in virtual time. It never claims to be Kubernetes."""
