"""Operations of the contract that later issues bring; taken out of here when they come."""

PENDING = frozenset(
    {
        # access for people outside the organisations
        "inviteExternal",
        "acceptInvite",
        "listExternalAccess",
        "revokeExternalAccess",
        # prescribing
        "prescribeControlled",
        # browser notifications
        "subscribePush",
        "sendTestPush",
    }
)
