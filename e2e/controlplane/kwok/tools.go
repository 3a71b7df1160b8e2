//go:build tools

// Package kwok pins kwok in a module of its own: it and Kubernetes ask for different versions of the same libraries.
package kwok

import _ "sigs.k8s.io/kwok/cmd/kwok"
