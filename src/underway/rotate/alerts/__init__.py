"""Who is told what, and when: causes come from the status, routes from the specification; what was said stands on the Lease.

    status -> causes -> routes -> telling (with memory) -> message -> herald -> ports.Notify

Pure. No URL and no credential is known here: a destination is a name that `live.alerting` looks up when it delivers.
"""
