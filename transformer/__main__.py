"""``python -m transformer`` is ``sc-transform``."""

import sys

if __name__ == "__main__":
    try:
        from transformer.cli.main import main

        status = main()
    except KeyboardInterrupt:  # before main can see to it
        status = 130
    sys.exit(status)
