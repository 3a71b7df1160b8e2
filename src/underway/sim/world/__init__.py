"""The life of the embedded cluster: scheduler, controllers, kubelet, machines, traffic; all of it data and callbacks."""
