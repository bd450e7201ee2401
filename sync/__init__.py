"""The engine: everything between a Web Connector and the tables. It runs, and is tested, without web/."""

import os

# Piccolo looks its configuration up under this name, here and on its own command line.
os.environ.setdefault("PICCOLO_CONF", "sync.piccolo_conf")
