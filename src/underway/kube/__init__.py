"""The Kubernetes API as values: resources, requests, replies, watch events, retry and the list-then-watch state machine.

Nothing here opens a socket or reads a clock: shells (`live`, `sim`) carry a Request to a server and bring back a Reply.
"""
