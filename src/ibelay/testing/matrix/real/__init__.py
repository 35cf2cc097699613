"""The fault matrix for real: processes, sockets and, where allowed, network namespaces."""
