"""`python -m cordline_models`: the same as the program cordline-models."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
