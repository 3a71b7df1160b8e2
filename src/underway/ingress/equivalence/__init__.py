"""Whether two sides route alike, over every request that either can tell apart.

Owns the classes of requests, the comparison and the verdict. A judge never imports what it judges: it sees objects and matchers,
and must not know versions, providers, intermediate forms or emitters.
"""
