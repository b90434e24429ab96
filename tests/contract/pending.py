"""Operations of the contract that later issues bring; taken out of here when they come."""

PENDING = frozenset(
    {
        # access for people outside the organisations
        "inviteExternal",
        "acceptInvite",
        "listExternalAccess",
        "revokeExternalAccess",
        # browser notifications
        "subscribePush",
        "sendTestPush",
    }
)
