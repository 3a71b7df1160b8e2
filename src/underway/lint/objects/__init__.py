"""The fields of Kubernetes objects that rules read, one module a family; everything else is skipped while parsing.

Richer than `underway.model`, which keeps only what a rotation decides on. Frozen, not tracked by the garbage collector, in the
API's own shape: encoding one gives JSON that `underway.model` decodes as well. Values of Secrets and ConfigMaps and literal
values of environment variables are never decoded. `kinds` is the table of all kinds.
"""
