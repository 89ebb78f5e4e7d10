"""The HTTP interface, one file per noun. Routes are thin: read the request, call the service, present the answer."""
