"""Built-in kinds that the embedded world stores and shows, and does nothing with: one module a family.

Each module owns what its kinds are given on creation (DEFAULTS), what they must have (CHECKS), and how `kubectl get` shows
them (COLUMNS). Nobody acts on them here: no autoscaler scales, no quota refuses a pod, no webhook is called. They are served
so that whoever reads a cluster, such as lint, reads them as from a real one.
"""
