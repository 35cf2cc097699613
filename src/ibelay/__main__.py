"""``python -m ibelay``."""

from __future__ import annotations

import sys

from ibelay.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
