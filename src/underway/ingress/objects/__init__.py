"""What the judge reads of Ingress and Gateway API objects: typed, immutable, and independent of any converter.

Owns the shapes and the reading of plain JSON values. It must not know versions, providers, intermediate forms or emitters: the
judge would otherwise share their mistakes. `matchers` decides what a request is answered with.
"""
