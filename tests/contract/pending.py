"""Operations of the contract that later issues bring; taken out of here when they come."""

PENDING = frozenset(
    {
        # browser notifications
        "subscribePush",
        "sendTestPush",
    }
)
