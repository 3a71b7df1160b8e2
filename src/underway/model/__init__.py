"""What decisions need to know of Kubernetes objects: frozen Structs, quantities, selectors, versions and the Snapshot.

Only the fields that some decision reads are decoded; everything else of an object is skipped while parsing, which is
what keeps 50,000 pods in 570 MB instead of 1,500 (docs/adr/0002). Nothing here performs an effect.
"""
