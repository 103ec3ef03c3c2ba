"""`python -m pcrs` is the command `pcrs`."""

from pcrs.cli import main

if __name__ == "__main__":
    main()
