"""Which backend, redirect or status answers a request: one file for each semantics.

`ingress_v1` is the specification, `ingress_nginx` what that controller really does, `gateway` the Gateway API. Each file owns its
semantics and nothing else; `router` is what they have in common. They must not know versions, providers, intermediate forms or
emitters: `equivalence` judges those with them.
"""

from underway.ingress.matchers import gateway, ingress_nginx, ingress_v1

SEMANTICS = (ingress_v1, ingress_nginx, gateway)
