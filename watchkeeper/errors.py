"""The one base class of refusals that a person at the command line can mend."""


class Failure(Exception):
    """What happened and where, and in `mend` what to do about it; shown without a traceback."""

    def __init__(self, what: str, mend: str = "") -> None:
        """Both are whole sentences for a stranger."""
        super().__init__(what)
        self.mend = mend
