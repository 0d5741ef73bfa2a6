"""``python -m transformer`` is ``sc-transform``."""

import sys

from transformer.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
