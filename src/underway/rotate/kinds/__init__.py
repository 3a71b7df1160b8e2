"""The kinds of group underway.dev as Kubernetes sees them: schemas drawn from the Structs, definitions, and their status."""
