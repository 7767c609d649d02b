"""What is said when something breaks a contract: which rule, where, and why."""


class ContractViolation(ValueError):
    """A value that its contract does not allow; never carries the value itself."""

    def __init__(self, code: str, pointer: str, detail: str) -> None:
        """Name the rule (`code`), the place (`pointer`, RFC 6901) and the mend (`detail`)."""
        super().__init__(f"{pointer or '/'}: {detail}")
        self.code = code
        self.pointer = pointer
        self.detail = detail
