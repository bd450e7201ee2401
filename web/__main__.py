"""`python -m web` is `deskbridge`."""

from web.cli import main

main()
