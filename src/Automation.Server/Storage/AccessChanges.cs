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

    /// <summary>Another has the name.</summary>
    Taken,

    /// <summary>It is not there, and what was given is too little to make it.</summary>
    Incomplete,
}

/// <summary>Makes a user, or changes one: what is null stays as it is when the change is applied. Ends the sessions when the password changes or the user is disabled.</summary>
/// <param name="Role">In lower case.</param>
/// <param name="Password">The new one's hash.</param>
/// <param name="By">Who makes it.</param>
/// <param name="OnlyFirst">True for the first user of all.</param>
internal sealed record UserSet(string Name, string? Role, string? Password, bool? Disabled, string By, DateTimeOffset At, bool OnlyFirst, int MaxUsers) : Change
{
    /// <summary>Set when the change was applied, as all below.</summary>
    public AccessRefusal Refusal { get; set; }

    /// <summary>Null when there was none.</summary>
    public StoredUser? Before { get; set; }

    /// <summary>What the user is now, or would be without <see cref="Refusal"/>; null when <see cref="AccessRefusal.Incomplete"/>.</summary>
    public StoredUser? After { get; set; }
}

/// <summary>Puts a user's new password in place of the one that was checked, and ends the sessions. Who was disabled or deleted since, or has another password by now, is left alone.</summary>
/// <param name="Checked">The hash that the former password was checked against.</param>
/// <param name="Password">The new one's hash.</param>
internal sealed record PasswordChanged(string Name, string Checked, string Password, DateTimeOffset At) : Change
{
    /// <summary>Set when the change was applied.</summary>
    public bool Changed { get; set; }
}

/// <summary>Deletes a user with the sessions.</summary>
internal sealed record UserDeleted(string Name) : Change
{
    /// <summary>Set when the change was applied.</summary>
    public AccessRefusal Refusal { get; set; }
}

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

/// <summary>Stores a session; past <paramref name="MaxSessions"/> the one that was not used for longest ends. That of a user only while the password is the one that was checked and the user is not disabled.</summary>
/// <param name="Checked">The hash that the user's password was checked against; null for a session of the admin token.</param>
/// <param name="Newer">A hash of that password in a newer form, which takes its place; null when there is none.</param>
internal sealed record SessionStored(StoredSession Session, int MaxSessions, string? Checked, string? Newer) : Change
{
    /// <summary>Set when the change was applied.</summary>
    public bool Stored { get; set; }
}

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

/// <summary>Makes an MQTT user, or changes one: what is null stays as it is when the change is applied.</summary>
/// <param name="Password">The new one's hash.</param>
internal sealed record MqttUserSet(string Name, string? Password, IReadOnlyList<string>? Publish, IReadOnlyList<string>? Subscribe, bool? Disabled, string By, DateTimeOffset At, int MaxUsers) : Change
{
    /// <summary>Set when the change was applied, as all below.</summary>
    public AccessRefusal Refusal { get; set; }

    /// <summary>Null when there was none.</summary>
    public StoredMqttUser? Before { get; set; }

    /// <summary>What the user is now, or would be without <see cref="Refusal"/>; null when <see cref="AccessRefusal.Incomplete"/>.</summary>
    public StoredMqttUser? After { get; set; }
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
