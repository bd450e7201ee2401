"""Which port a server may have, told before it starts."""

import socket

import click


def free_port(first: int) -> int:
    """The first port from `first` on that nobody listens on."""
    for port in range(first, first + 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise click.ClickException(f"No port from {first} to {first + 99} is free. Give one: --port")


def see_port_free(host: str, port: int) -> None:
    """See that a server could listen there; a sentence when it could not."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise click.ClickException(
            f"Port {port} of {host} cannot be had ({reason}). Choose another: PORT=8081, or --port 8081"
        ) from None
