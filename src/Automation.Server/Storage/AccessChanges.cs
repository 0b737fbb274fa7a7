namespace Automation.Server.Storage;

/// <summary>A person who signs in with a password, as stored. <paramref name="Role"/> in lower case.</summary>
internal sealed record StoredUser(string Name, string Role, string Password, bool Disabled, DateTimeOffset CreatedAt, string? CreatedBy, DateTimeOffset ChangedAt, DateTimeOffset? SignedInAt);

/// <summary>A program's token, as stored.</summary>
internal sealed record StoredToken(string Id, byte[] Hash, string Name, string Role, IReadOnlyList<string> Names, DateTimeOffset CreatedAt, string? CreatedBy, DateTimeOffset? ExpiresAt, DateTimeOffset? UsedAt);

/// <summary>A browser's session, as stored.</summary>
internal sealed record StoredSession(string Id, byte[] Hash, string? UserName, string Stamp, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset UsedAt, string? Address, string? Agent);

/// <summary>A user of the embedded MQTT broker, as stored.</summary>
internal sealed record StoredMqttUser(string Name, string Password, IReadOnlyList<string> Publish, IReadOnlyList<string> Subscribe, bool Disabled, DateTimeOffset ChangedAt, string? ChangedBy);

/// <summary>Why a change of users or tokens was refused.</summary>
internal enum AccessRefusal
{
    None,

    /// <summary>There would be more than may be.</summary>
    TooMany,

    /// <summary>Nobody with the role admin would be left.</summary>
    LastAdmin,

    /// <summary>There are users already, and this was to be the first.</summary>
    NotFirst,

    /// <summary>It is not there.</summary>
    NotFound,
}

/// <summary>Stores a user in place of the former one of the name, and ends the sessions of that when the password changes or the user is disabled.</summary>
/// <param name="OnlyFirst">True for the first user of all.</param>
internal sealed record UserStored(StoredUser User, bool OnlyFirst, int MaxUsers) : Change
{
    /// <summary>Set when the change was applied.</summary>
    public AccessRefusal Refusal { get; set; }
}

/// <summary>Deletes a user with the sessions.</summary>
internal sealed record UserDeleted(string Name) : Change
{
    /// <summary>Set when the change was applied.</summary>
    public AccessRefusal Refusal { get; set; }
}

/// <summary>Notes a sign-in, with a hash of the password in a newer form where there is one.</summary>
internal sealed record UserSignedIn(string Name, DateTimeOffset At, string? Password) : Change;

internal sealed record TokenStored(StoredToken Token, int MaxTokens) : Change
{
    /// <summary>Set when the change was applied.</summary>
    public AccessRefusal Refusal { get; set; }
}

internal sealed record TokenDeleted(string Id) : Change
{
    /// <summary>False when there was none. Set when the change was applied.</summary>
    public bool Deleted { get; set; }
}

internal sealed record TokenUsed(string Id, DateTimeOffset At) : Change;

/// <summary>Stores a session; past <paramref name="MaxSessions"/> the one that was not used for longest ends.</summary>
internal sealed record SessionStored(StoredSession Session, int MaxSessions) : Change;

internal sealed record SessionRead(byte[] Hash) : Change
{
    /// <summary>Null when there is none. Set when the change was applied.</summary>
    public StoredSession? Session { get; set; }
}

internal sealed record SessionUsed(string Id, DateTimeOffset At) : Change;

/// <summary>Ends sessions: one, those of a user, and those whose time was over before <paramref name="ExpiredBy"/>.</summary>
internal sealed record SessionsEnded(string? Id, string? UserName, DateTimeOffset? ExpiredBy) : Change
{
    /// <summary>How many; set when the change was applied.</summary>
    public int Ended { get; set; }
}

internal sealed record SessionsRead(int Limit) : Change
{
    /// <summary>Newest first. Set when the change was applied.</summary>
    public List<StoredSession> Sessions { get; } = [];
}

/// <summary>Stores an MQTT user in place of the former one of the name.</summary>
internal sealed record MqttUserStored(StoredMqttUser User, int MaxUsers) : Change
{
    /// <summary>Set when the change was applied.</summary>
    public AccessRefusal Refusal { get; set; }
}

internal sealed record MqttUserDeleted(string Name) : Change
{
    /// <summary>False when there was none. Set when the change was applied.</summary>
    public bool Deleted { get; set; }
}

/// <summary>Reads who may come in.</summary>
internal sealed record AccessRead : Change
{
    /// <summary>Set when the change was applied, as all below.</summary>
    public List<StoredUser> Users { get; } = [];

    public List<StoredToken> Tokens { get; } = [];

    public List<StoredMqttUser> MqttUsers { get; } = [];

    public long Revision { get; set; }
}
